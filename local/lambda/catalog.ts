import { AwsError } from "../core/aws-error.ts";
import type { Kernel, Requirement } from "../core/kernel.ts";
import type { Collection } from "../core/store.ts";
import { resourceTagConditions } from "../core/tag-conditions.ts";
import { type AliasRecord, type FunctionRecord, functionArn, type VersionRecord } from "./function-record.ts";
import { type FunctionReference, parseFunctionReference } from "./names.ts";

/** A reference followed to the version it means. */
export interface ResolvedFunction {
  function: Readonly<FunctionRecord>;
  version: Readonly<VersionRecord>;
  /** As the request named it, with its qualifier. */
  arn: string;
}

/** The functions, versions and aliases there are, and how names lead to them. */
export class FunctionCatalog {
  readonly kernel: Kernel;
  readonly functions: Collection<FunctionRecord>;
  readonly aliases: Collection<AliasRecord>;
  readonly #versions: Collection<VersionRecord>;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.functions = kernel.store.collection("lambda.functions");
    this.aliases = kernel.store.collection("lambda.aliases");
    this.#versions = kernel.store.collection("lambda.versions");
  }

  /** @throws {AwsError} ResourceNotFoundException. */
  find(name: string): Readonly<FunctionRecord> {
    const found = this.functions.get(name);
    if (!found) throw functionNotFound(functionArn(this.kernel, name));
    return found;
  }

  /** @throws {AwsError} ResourceNotFoundException when function, version or alias is missing. */
  resolve({ name, qualifier }: FunctionReference): ResolvedFunction {
    const arn = functionArn(this.kernel, name, qualifier);
    const found = this.functions.get(name);
    const version = found && this.#versionOf(found, qualifier);
    if (!found || !version) throw functionNotFound(arn);
    return { function: found, version, arn };
  }

  version(name: string, version: string): Readonly<VersionRecord> | undefined {
    return this.#versions.get(versionKey(name, version));
  }

  /** Published versions, oldest first. */
  versions(name: string): Readonly<VersionRecord>[] {
    return this.#versions.list(`${name}:`);
  }

  putVersion(record: VersionRecord): void {
    this.#versions.put(versionKey(record.name, record.version), record);
  }

  deleteVersion(name: string, version: string): void {
    this.#versions.delete(versionKey(name, version));
  }

  aliasesOf(name: string): Readonly<AliasRecord>[] {
    return this.aliases.list(`${name}:`);
  }

  /** Whether any version still uses the package of this digest. */
  usesCode(codeSha256: string): boolean {
    return this.functions
      .list()
      .some(
        (one) =>
          one.latest.codeSha256 === codeSha256 ||
          this.versions(one.name).some((version) => version.codeSha256 === codeSha256),
      );
  }

  /** The permission an operation on one function needs; management actions are judged on the unqualified ARN. */
  requirement(action: string, input: { FunctionName?: string | undefined }): Requirement[] {
    const { name } = parseFunctionReference(input.FunctionName);
    const context = resourceTagConditions(this.functions.get(name)?.tags);
    return [{ action: `lambda:${action}`, resource: functionArn(this.kernel, name), context }];
  }

  #versionOf(found: Readonly<FunctionRecord>, qualifier: string | undefined): Readonly<VersionRecord> | undefined {
    if (qualifier === undefined || qualifier === "$LATEST") return found.latest;
    if (/^\d+$/.test(qualifier)) return this.version(found.name, qualifier);
    const alias = this.aliases.get(`${found.name}:${qualifier}`);
    if (!alias) return undefined;
    const extra = alias.extra && this.kernel.random.next() < alias.extra.weight ? alias.extra.version : alias.version;
    return this.version(found.name, extra);
  }
}

/** Numbers are padded so that key order is version order. */
function versionKey(name: string, version: string): string {
  return `${name}:${version.padStart(10, "0")}`;
}

export function functionNotFound(arn: string): AwsError {
  return new AwsError("ResourceNotFoundException", `Function not found: ${arn}`, 404, { Type: "User" });
}

export function invalidParameter(message: string): AwsError {
  return new AwsError("InvalidParameterValueException", message, 400, { Type: "User" });
}

export function conflict(message: string): AwsError {
  return new AwsError("ResourceConflictException", message, 409, { Type: "User" });
}
