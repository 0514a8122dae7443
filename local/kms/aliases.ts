import type {
  CreateAliasCommandInput,
  DeleteAliasCommandInput,
  ListAliasesCommandInput,
  UpdateAliasCommandInput,
} from "@aws-sdk/client-kms";
import { AwsError } from "../core/aws-error.ts";
import type { Operation, Requirement } from "../core/kernel.ts";
import { notFound } from "./errors.ts";
import type { KeyPermissions } from "./key-access.ts";
import { aliasArn } from "./key-record.ts";
import type { KeyRing } from "./key-ring.ts";
import { page } from "./paging.ts";

/** Operations on aliases; each needs its permission on the alias and on every key it concerns. */
export function aliasOperations(ring: KeyRing, permissions: KeyPermissions): Record<string, Operation> {
  const { kernel } = ring;
  const both = (action: string, name: string | undefined, ...keys: (string | undefined)[]): Requirement[] => [
    { action: `kms:${action}`, resource: aliasArn(kernel, name ?? "") },
    ...keys.filter((key) => key !== undefined).map((key) => permissions.requirement(ring.find(key), action)),
  ];
  const find = (name: string | undefined) => {
    const found = ring.aliases.get(name ?? "");
    if (!found) throw notFound(`Alias ${aliasArn(kernel, name ?? "")} is not found.`);
    return found;
  };
  return {
    CreateAlias: {
      permissions: (input: CreateAliasCommandInput) => both("CreateAlias", input.AliasName, input.TargetKeyId),
      run: (input: CreateAliasCommandInput) => {
        const name = checkedName(input.AliasName ?? "");
        const { id } = ring.findManageable(input.TargetKeyId);
        if (ring.aliases.get(name)) {
          throw new AwsError(
            "AlreadyExistsException",
            `An alias with the name ${aliasArn(kernel, name)} already exists`,
          );
        }
        const now = kernel.clock.now();
        ring.aliases.put(name, { name, keyId: id, createdAtMs: now, updatedAtMs: now });
        return {};
      },
    },
    UpdateAlias: {
      permissions: (input: UpdateAliasCommandInput) =>
        both("UpdateAlias", input.AliasName, input.TargetKeyId, ring.aliases.get(input.AliasName ?? "")?.keyId),
      run: (input: UpdateAliasCommandInput) => {
        const alias = find(input.AliasName);
        const { id } = ring.findManageable(input.TargetKeyId);
        ring.aliases.put(alias.name, { ...alias, keyId: id, updatedAtMs: kernel.clock.now() });
        return {};
      },
    },
    DeleteAlias: {
      permissions: (input: DeleteAliasCommandInput) =>
        both("DeleteAlias", input.AliasName, ring.aliases.get(input.AliasName ?? "")?.keyId),
      run: (input: DeleteAliasCommandInput) => {
        ring.aliases.delete(find(checkedName(input.AliasName ?? "")).name);
        return {};
      },
    },
    ListAliases: {
      run: (input: ListAliasesCommandInput) => {
        const wanted = input.KeyId === undefined ? undefined : ring.find(input.KeyId).id;
        const aliases = ring.aliases.list().filter((alias) => wanted === undefined || alias.keyId === wanted);
        const { entries, more } = page(aliases, { Limit: input.Limit, Marker: input.Marker });
        return {
          Aliases: entries.map((alias) => ({
            AliasName: alias.name,
            AliasArn: aliasArn(kernel, alias.name),
            TargetKeyId: alias.keyId,
            CreationDate: new Date(alias.createdAtMs),
            LastUpdatedDate: new Date(alias.updatedAtMs),
          })),
          ...more,
        };
      },
    },
  };
}

function checkedName(name: string): string {
  if (name.startsWith("alias/aws/")) {
    throw new AwsError("NotAuthorizedException", "Aliases that begin with alias/aws/ are reserved for AWS.");
  }
  if (!/^alias\/[a-zA-Z0-9/_-]{1,250}$/.test(name)) {
    throw new AwsError(
      "InvalidAliasNameException",
      `Invalid alias ${name}: it begins with alias/ and has letters, digits and /_-`,
    );
  }
  return name;
}
