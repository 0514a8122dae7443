import type { Tag } from "@aws-sdk/client-iam";
import type { Operation } from "../core/kernel.ts";
import type { Directory } from "./directory.ts";
import { noSuchEntity } from "./errors.ts";
import { checkTagCount, page, tagList, tagMap } from "./input-rules.ts";
import { profileNamed } from "./instance-profiles.ts";
import { onNamed, tagsOf, withContext } from "./permissions.ts";
import { refuseLinked, roleNamed } from "./roles.ts";
import { userNamed } from "./users.ts";

interface Input {
  Tags?: Tag[];
  TagKeys?: string[];
  Marker?: string;
  MaxItems?: number;
}

type Tags = Readonly<Record<string, string>>;

/** One kind of thing that has tags. */
interface Tagged {
  /** As in `TagRole`. */
  word: string;
  kind: "user" | "role" | "policy" | "instance-profile";
  nameOf(input: Input): string;
  tagsOf(name: string): Tags;
  put(name: string, tags: Tags): void;
}

/** Tag, untag and list, the same for everything that has tags. */
export function tagOperations(directory: Directory): Record<string, Operation> {
  return Object.assign({}, ...taggedKinds(directory).map((tagged) => operationsOf(directory, tagged)));
}

function taggedKinds(directory: Directory): Tagged[] {
  const policyAt = (arn: string) => {
    const policy = directory.policies.get(arn);
    if (!policy) throw noSuchEntity(`Policy ${arn} was not found.`);
    return policy;
  };
  return [
    {
      word: "Role",
      kind: "role",
      nameOf: member("RoleName"),
      tagsOf: (name) => roleNamed(directory, name).tags,
      put: (name, tags) => {
        const role = roleNamed(directory, name);
        refuseLinked(role);
        directory.roles.put(name, { ...role, tags });
      },
    },
    {
      word: "User",
      kind: "user",
      nameOf: member("UserName"),
      tagsOf: (name) => userNamed(directory, name).tags,
      put: (name, tags) => directory.users.put(name, { ...userNamed(directory, name), tags }),
    },
    {
      word: "InstanceProfile",
      kind: "instance-profile",
      nameOf: member("InstanceProfileName"),
      tagsOf: (name) => profileNamed(directory, name).tags,
      put: (name, tags) => directory.profiles.put(name, { ...profileNamed(directory, name), tags }),
    },
    {
      word: "Policy",
      kind: "policy",
      nameOf: member("PolicyArn"),
      tagsOf: (arn) => policyAt(arn).tags,
      put: (arn, tags) => directory.policies.put(arn, { ...policyAt(arn), tags }),
    },
  ];
}

function member(name: string): (input: Input) => string {
  return (input) => String((input as Record<string, unknown>)[name] ?? "");
}

function operationsOf(directory: Directory, tagged: Tagged): Record<string, Operation> {
  const needs = (action: string) => (input: Input) => {
    const name = tagged.nameOf(input);
    const subject = tagged.kind === "policy" ? { resource: name } : onNamed(directory, tagged.kind, name);
    const keys = input.TagKeys ? { "aws:TagKeys": input.TagKeys } : tagsOf(input.Tags);
    return [withContext({ action: `iam:${action}`, ...subject }, keys)];
  };
  return {
    [`Tag${tagged.word}`]: {
      permissions: needs(`Tag${tagged.word}`),
      run: (input: Input) => {
        const name = tagged.nameOf(input);
        const tags = { ...tagged.tagsOf(name), ...tagMap(input.Tags) };
        checkTagCount(tags);
        tagged.put(name, tags);
        return {};
      },
    },
    [`Untag${tagged.word}`]: {
      permissions: needs(`Untag${tagged.word}`),
      run: (input: Input) => {
        const name = tagged.nameOf(input);
        const left = Object.entries(tagged.tagsOf(name)).filter(([key]) => !input.TagKeys?.includes(key));
        tagged.put(name, Object.fromEntries(left));
        return {};
      },
    },
    [`List${tagged.word}Tags`]: {
      permissions: needs(`List${tagged.word}Tags`),
      run: (input: Input) => {
        const { items, ...rest } = page(tagList(tagged.tagsOf(tagged.nameOf(input))) ?? [], input);
        return { Tags: items, ...rest };
      },
    },
  };
}
