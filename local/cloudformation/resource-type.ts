import { AwsError } from "../core/aws-error.ts";
import { sleep } from "../core/clock.ts";
import type { Caller, Kernel } from "../core/kernel.ts";
import type { ObjectShape, ValueOf } from "./shape.ts";
import type { Json, JsonObject } from "./template.ts";

/** What a resource is once it exists: what Ref gives, and what Fn::GetAtt finds. */
export interface Created {
  id: string;
  attributes?: Record<string, Json>;
}

/** How the resources of one type are made, changed and removed, by calls of the cloud's own APIs. */
export interface ResourceType {
  readonly shape: ObjectShape;
  readonly required: readonly string[];
  /** A change of one of these makes a new resource in place of the old one. Source: each type's "Update requires: Replacement". */
  readonly replaces: readonly string[];
  /** The property with which a person names it; two resources cannot have one name, so such a one cannot be replaced. */
  readonly nameProperty: string | undefined;
  /** The call that makes it, and no more: what it returns is remembered before anything else can fail. */
  create(properties: JsonObject, context: ResourceContext): Promise<Created>;
  /** Further calls that a new one needs; they may be repeated. */
  complete(id: string, properties: JsonObject, context: ResourceContext): Promise<void>;
  /** Whether what was just made or changed can be used; left out: at once. */
  isReady?(id: string, context: ResourceContext): Promise<boolean>;
  /** Changes it in place; attributes it returns replace those before. */
  update(
    id: string,
    properties: JsonObject,
    before: JsonObject,
    context: ResourceContext,
  ): Promise<Created | undefined>;
  remove(id: string, properties: JsonObject, context: ResourceContext): Promise<void>;
}

type Properties<S extends ObjectShape, R extends keyof S> = { -readonly [K in Exclude<keyof S, R>]?: ValueOf<S[K]> } & {
  -readonly [K in R]: ValueOf<S[K]>;
};

/** A resource type with its properties typed by their shape. */
export function resourceType<const S extends ObjectShape, const R extends keyof S & string = never>(definition: {
  shape: S;
  required?: readonly R[];
  replaces?: readonly (keyof S & string)[];
  nameProperty?: keyof S & string;
  create(properties: Properties<S, R>, context: ResourceContext): Promise<Created>;
  complete?(id: string, properties: Properties<S, R>, context: ResourceContext): Promise<void>;
  isReady?(id: string, context: ResourceContext): Promise<boolean>;
  update?(
    id: string,
    properties: Properties<S, R>,
    before: Properties<S, R>,
    context: ResourceContext,
  ): Promise<Created | undefined>;
  remove(id: string, properties: Properties<S, R>, context: ResourceContext): Promise<void>;
}): ResourceType {
  const { update, complete } = definition;
  return {
    shape: definition.shape,
    required: definition.required ?? [],
    replaces: definition.replaces ?? (update ? [] : Object.keys(definition.shape)),
    nameProperty: definition.nameProperty,
    create: (properties, context) => definition.create(properties as Properties<S, R>, context),
    complete: async (id, properties, context) => complete?.(id, properties as Properties<S, R>, context),
    ...(definition.isReady && { isReady: definition.isReady }),
    update: async (id, properties, before, context) =>
      update?.(id, properties as Properties<S, R>, before as Properties<S, R>, context),
    remove: (id, properties, context) => definition.remove(id, properties as Properties<S, R>, context),
  };
}

/** What a resource type has to work with: the stack's identity, and the cloud's APIs called as the stack's caller. */
export class ResourceContext {
  readonly kernel: Kernel;
  readonly logicalId: string;
  readonly #stackName: string;
  readonly #suffix: string;
  readonly #caller: Caller;
  readonly #stackTags: Readonly<Record<string, string>>;
  readonly #previousStackTags: Readonly<Record<string, string>>;
  readonly #repeated: boolean;

  constructor(parts: {
    kernel: Kernel;
    stackName: string;
    logicalId: string;
    /** Random letters that end a generated name; the same when the step is repeated. */
    suffix: string;
    caller: Caller;
    stackTags: Readonly<Record<string, string>>;
    /** Those before an update. */
    previousStackTags: Readonly<Record<string, string>>;
    /** Whether an earlier attempt may have got part of the way before the cloud was killed. */
    repeated: boolean;
  }) {
    this.kernel = parts.kernel;
    this.logicalId = parts.logicalId;
    this.#stackName = parts.stackName;
    this.#suffix = parts.suffix;
    this.#caller = parts.caller;
    this.#stackTags = parts.stackTags;
    this.#previousStackTags = parts.previousStackTags;
    this.#repeated = parts.repeated;
  }

  /** A name as CloudFormation makes them, at most `maxLength` long: `stack-LogicalId-ABCDEFGHIJKL`. */
  name(maxLength: number): string {
    const room = maxLength - this.#suffix.length - 1;
    return `${`${this.#stackName}-${this.logicalId}`.slice(0, room)}-${this.#suffix}`;
  }

  call<O>(service: string, operation: string, input: object): Promise<O> {
    return this.kernel.call<O>(service, operation, input, this.#caller, "cloudformation.amazonaws.com");
  }

  /** A creating call. When this step is a repetition, an answer of `existsCode` means that the first attempt got through. */
  async create<O>(service: string, operation: string, input: object, existsCode: string): Promise<O | undefined> {
    try {
      return await this.call<O>(service, operation, input);
    } catch (error) {
      if (this.#repeated && error instanceof AwsError && error.code === existsCode) return undefined;
      throw error;
    }
  }

  /** A deleting call; what is gone already counts as deleted. */
  async remove(service: string, operation: string, input: object, ...goneCodes: string[]): Promise<void> {
    try {
      await this.call(service, operation, input);
    } catch (error) {
      if (!(error instanceof AwsError && goneCodes.includes(error.code))) throw error;
    }
  }

  /**
   * Waits until `check` holds, looking once a modelled second.
   * @throws {AwsError} NotStabilized after two modelled minutes.
   */
  async until(check: () => Promise<boolean>): Promise<void> {
    for (let turn = 0; turn < 120; turn++) {
      if (await check()) return;
      await sleep(this.kernel.clock, 1000);
    }
    throw new AwsError("NotStabilized", `Resource ${this.logicalId} did not stabilize.`);
  }

  /** The resource's own tags over the stack's. */
  tags(own: OwnTags): { Key: string; Value: string }[] {
    return Object.entries(this.tagMap(own)).map(([Key, Value]) => ({ Key, Value }));
  }

  /** The same as a map, for APIs that take one. */
  tagMap(own: OwnTags): Record<string, string> {
    return { ...this.#stackTags, ...ownTags(own) };
  }

  /** Keys of tags that an update takes away, the resource's own or the stack's. */
  removedTagKeys(before: OwnTags, after: OwnTags): string[] {
    return removedKeys({ ...this.#previousStackTags, ...ownTags(before) }, this.tagMap(after));
  }

  arn(service: string, resource: string): string {
    return this.kernel.arn(service, resource);
  }
}

/** Tags as resource types state them: a list, or in some a map. */
type OwnTags = readonly { Key?: string; Value?: string }[] | Readonly<Record<string, string>> | undefined;

function ownTags(own: OwnTags): Record<string, string> {
  if (!Array.isArray(own)) return { ...(own as Readonly<Record<string, string>> | undefined) };
  return Object.fromEntries(own.map(({ Key = "", Value = "" }) => [Key, Value]));
}

/** The list form of tags in most resource types. */
export const tagList = [{ Key: "string", Value: "string" }] as const;

/** Keys that were there and are no more, for APIs that remove tags by key. */
export function removedKeys(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>) {
  return Object.keys(before).filter((key) => !(key in after));
}
