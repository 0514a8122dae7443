import type {
  FunctionConfiguration,
  ListVersionsByFunctionCommandInput,
  PublishVersionCommandInput,
} from "@aws-sdk/client-lambda";
import { AwsError } from "../core/aws-error.ts";
import type { Operation } from "../core/kernel.ts";
import { conflict, type FunctionCatalog, invalidParameter } from "./catalog.ts";
import { describeVersion, functionArn, type VersionRecord } from "./function-record.ts";
import { parseFunctionReference } from "./names.ts";
import { page } from "./paging.ts";

/** Operations on published versions. */
export function versionOperations(catalog: FunctionCatalog): Record<string, Operation> {
  return {
    PublishVersion: {
      permissions: (input: PublishVersionCommandInput) => catalog.requirement("PublishVersion", input),
      run: (input: PublishVersionCommandInput) => {
        const { name } = parseFunctionReference(input.FunctionName);
        refuseChanging(catalog, name);
        return publish(catalog, name, input);
      },
    },
    ListVersionsByFunction: {
      permissions: (input: ListVersionsByFunctionCommandInput) => catalog.requirement("ListVersionsByFunction", input),
      run: (input: ListVersionsByFunctionCommandInput) => {
        const { name } = parseFunctionReference(input.FunctionName);
        const versions = [catalog.find(name).latest, ...catalog.versions(name)];
        const { items, next } = page(versions, input);
        return { Versions: items.map((one) => describeVersion(catalog.kernel, one, true)), NextMarker: next };
      },
    },
  };
}

/** @throws {AwsError} ResourceConflictException while the function is created or changed. */
export function refuseChanging(catalog: FunctionCatalog, name: string): void {
  const { activeAtMs, updatedAtMs } = catalog.find(name).latest;
  const now = catalog.kernel.clock.now();
  const refusal = "The operation cannot be performed at this time.";
  if (now < activeAtMs) throw conflict(`${refusal} The function is currently in the following state: Pending`);
  if (now < updatedAtMs) {
    throw conflict(`${refusal} An update is in progress for resource: ${functionArn(catalog.kernel, name)}`);
  }
}

/** What two versions must differ in for a new one to be made. */
function substance(record: Readonly<VersionRecord>): string {
  const { version, revisionId, lastModifiedMs, activeAtMs, updatedAtMs, ...rest } = record;
  return JSON.stringify(rest, Object.keys(rest).sort());
}

/**
 * Freezes `$LATEST` as the next version; unchanged since the last one, that one is the answer.
 * @throws {AwsError} As Lambda does when the code or revision is not the expected one, or a change is in progress.
 */
export function publish(
  catalog: FunctionCatalog,
  name: string,
  expected: Pick<PublishVersionCommandInput, "CodeSha256" | "RevisionId" | "Description"> = {},
): FunctionConfiguration {
  const { kernel } = catalog;
  const found = catalog.find(name);
  const { latest } = found;
  if (expected.CodeSha256 !== undefined && expected.CodeSha256 !== latest.codeSha256) {
    throw invalidParameter(
      `CodeSHA256 (${expected.CodeSha256}) is different from current CodeSHA256 in $LATEST (${latest.codeSha256}). Please try again with the CodeSHA256 in $LATEST.`,
    );
  }
  if (expected.RevisionId !== undefined && expected.RevisionId !== latest.revisionId) {
    throw new AwsError(
      "PreconditionFailedException",
      "The Revision Id provided does not match the latest Revision Id.",
      412,
    );
  }
  const description = expected.Description ?? latest.description;
  const previous = catalog.versions(name).at(-1);
  if (previous && substance(previous) === substance({ ...latest, description })) {
    return describeVersion(kernel, previous, true);
  }
  const version: VersionRecord = {
    ...latest,
    description,
    version: String(found.nextVersion),
    revisionId: kernel.random.uuid(),
    lastModifiedMs: kernel.clock.now(),
    activeAtMs: Math.max(latest.activeAtMs, kernel.clock.now() + kernel.settings.delays.functionUpdateSeconds * 1000),
  };
  catalog.putVersion(version);
  catalog.functions.put(name, { ...found, nextVersion: found.nextVersion + 1 });
  return describeVersion(kernel, version, true);
}
