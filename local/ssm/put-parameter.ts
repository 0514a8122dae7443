import type { PutParameterCommandInput } from "@aws-sdk/client-ssm";
import { AwsError } from "../core/aws-error.ts";
import type { Call, Caller } from "../core/kernel.ts";
import { validation } from "./errors.ts";
import { current, type ParameterRecord, type ParameterVersion } from "./parameter-record.ts";
import type { ParameterStore } from "./parameter-store.ts";

/** Source: "AWS Systems Manager endpoints and quotas", Parameter Store. */
const maxStandardBytes = 4096;
const maxAdvancedBytes = 8192;
const maxVersions = 100;
const maxHierarchyLevels = 15;
const maxNameCharacters = 1011;

const imageJob = "ssm.parameter-image";

interface PendingPut {
  input: PutParameterCommandInput;
  caller: Caller;
}

/** Writing parameters. Those of type aws:ec2:image are written after the answer, once the image was found. */
export class ParameterWriter {
  readonly #store: ParameterStore;

  constructor(store: ParameterStore) {
    this.#store = store;
    store.kernel.jobs.on<PendingPut>(imageJob, (pending) => this.#putImage(pending));
  }

  /** @throws {AwsError} As PutParameter. */
  async put(input: PutParameterCommandInput, call: Call): Promise<{ Version: number; Tier: "Standard" | "Advanced" }> {
    const record = this.#store.find(input.Name ?? "");
    check(input, record);
    const version = (record ? current(record).version : 0) + 1;
    const tier = tierOf(input, record);
    if (input.DataType === "aws:ec2:image") {
      const { clock, jobs, settings } = this.#store.kernel;
      const pending: PendingPut = { input, caller: call.caller };
      jobs.schedule(imageJob, clock.now() + settings.delays.parameterValidationSeconds * 1000, pending);
      return { Version: version, Tier: tier };
    }
    return { Version: await this.#write(input, call.caller), Tier: tier };
  }

  async #write(input: PutParameterCommandInput, caller: Caller): Promise<number> {
    const { kernel, parameters } = this.#store;
    const name = input.Name ?? "";
    const type = typeOf(input, this.#store.find(name));
    const value = await this.#store.seal(type, input.Value ?? "", input.KeyId, name, caller);
    // Sealing may have taken a turn, so that what there is has to be looked at again.
    const record = this.#store.find(name);
    check(input, record);
    const before = record && current(record);
    const version: ParameterVersion = {
      version: (before?.version ?? 0) + 1,
      type,
      value,
      dataType: input.DataType ?? before?.dataType ?? "text",
      tier: tierOf(input, record),
      modifiedAtMs: kernel.clock.now(),
      modifiedBy: caller.arn,
      labels: [],
      ...(input.Description !== undefined && { description: input.Description }),
      ...(input.AllowedPattern !== undefined && { allowedPattern: input.AllowedPattern }),
      ...(type === "SecureString" && { keyId: input.KeyId ?? "alias/aws/ssm" }),
    };
    parameters.put(name, {
      name,
      tags: record?.tags ?? Object.fromEntries((input.Tags ?? []).map(({ Key, Value }) => [Key ?? "", Value ?? ""])),
      versions: keepNewest(record?.versions ?? [], version),
      isPublic: false,
    });
    this.#tell(name, record ? "Update" : "Create", version);
    return version.version;
  }

  async #putImage({ input, caller }: PendingPut): Promise<void> {
    const { kernel } = this.#store;
    const images = { ImageIds: [input.Value ?? ""] };
    try {
      await kernel.call("ec2", "DescribeImages", images, caller);
      await this.#write(input, caller);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      kernel.emit("aws.event", {
        source: "aws.ssm",
        "detail-type": "Parameter Store Change",
        resources: [kernel.arn("ssm", `parameter/${(input.Name ?? "").replace(/^\//, "")}`)],
        detail: {
          exception: `Unable to Describe Resource (${error.message})`,
          dataType: "aws:ec2:image",
          name: input.Name,
          type: input.Type ?? "String",
          operation: this.#store.find(input.Name ?? "") ? "Update" : "Create",
        },
      });
    }
  }

  /** Source of the shape: "Amazon EventBridge event patterns for Systems Manager", Parameter Store. */
  #tell(name: string, operation: string, version: ParameterVersion): void {
    const { kernel } = this.#store;
    kernel.emit("aws.event", {
      source: "aws.ssm",
      "detail-type": "Parameter Store Change",
      resources: [kernel.arn("ssm", `parameter/${name.replace(/^\//, "")}`)],
      detail: { operation, name, type: version.type, ...(version.description && { description: version.description }) },
    });
  }
}

function check(input: PutParameterCommandInput, record: Readonly<ParameterRecord> | undefined): void {
  const name = input.Name ?? "";
  checkName(name);
  if (input.Policies !== undefined && input.Policies !== "" && input.Policies !== "[]") {
    throw validation("The embedded cloud has no parameter policies (Policies).");
  }
  if (record && !input.Overwrite) {
    throw new AwsError(
      "ParameterAlreadyExists",
      "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
    );
  }
  if (record && input.Tags && input.Tags.length > 0) {
    throw validation(
      "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.",
    );
  }
  const type = typeOf(input, record);
  const value = input.Value ?? "";
  if (value === "") throw validation("Parameter value can't be empty.");
  if (type === "StringList" && value.split(",").some((item) => item.trim() === "")) {
    throw validation("Parameter StringList has an empty item.");
  }
  const pattern = input.AllowedPattern;
  if (pattern !== undefined && !compile(pattern).test(value)) {
    throw new AwsError(
      "ParameterPatternMismatchException",
      `Parameter value, cannot be validated against allowedPattern: ${pattern}`,
    );
  }
  tierOf(input, record);
  const oldest = record?.versions[0];
  if (record && oldest && record.versions.length >= maxVersions && oldest.labels.length > 0) {
    throw new AwsError(
      "ParameterMaxVersionLimitExceeded",
      `You attempted to create a new version of ${name} by calling the PutParameter API with the overwrite flag. Version ${oldest.version}, the oldest version, can't be deleted because it has a label associated with it. Move the label to another version of the parameter, and try again.`,
    );
  }
}

function checkName(name: string): void {
  if (!/^[a-zA-Z0-9_.\-/]+$/.test(name) || name.length > maxNameCharacters) {
    throw validation(
      'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_',
    );
  }
  if (/^\/?(aws|ssm)/i.test(name)) {
    throw new AwsError("AccessDeniedException", `No access to reserved parameter name: ${name}.`);
  }
  if (name.includes("/") && !name.startsWith("/")) {
    throw validation("Parameter name must be a fully qualified name.");
  }
  if (name.split("/").length - 1 > maxHierarchyLevels) {
    throw new AwsError(
      "HierarchyLevelLimitExceededException",
      `Parameter name, including its hierarchy, exceeds ${maxHierarchyLevels} levels.`,
    );
  }
}

function typeOf(input: PutParameterCommandInput, record: Readonly<ParameterRecord> | undefined): string {
  const type = input.Type ?? (record && current(record).type);
  if (type === undefined) {
    throw validation("A parameter type is required when you create a parameter.");
  }
  return type;
}

function tierOf(
  input: PutParameterCommandInput,
  record: Readonly<ParameterRecord> | undefined,
): "Standard" | "Advanced" {
  const bytes = Buffer.byteLength(input.Value ?? "");
  const before = record && current(record).tier;
  const wanted = input.Tier ?? (before as "Standard" | "Advanced" | undefined) ?? "Standard";
  const fits = bytes <= maxStandardBytes;
  const tier = wanted === "Intelligent-Tiering" ? (fits && before !== "Advanced" ? "Standard" : "Advanced") : wanted;
  if (before === "Advanced" && tier === "Standard") {
    throw validation(
      "This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier to the standard-parameter tier.",
    );
  }
  if (tier === "Standard" && !fits) {
    throw validation(
      "Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier.",
    );
  }
  if (bytes > maxAdvancedBytes) {
    throw validation("Advanced tier parameters support a maximum parameter value of 8192 characters.");
  }
  return tier;
}

function compile(pattern: string): RegExp {
  try {
    return new RegExp(pattern);
  } catch {
    throw new AwsError("InvalidAllowedPatternException", `The regular expression ${pattern} is not valid.`);
  }
}

/** A new version pushes out the oldest, and every label stays with the version it names. */
function keepNewest(versions: readonly ParameterVersion[], next: ParameterVersion): ParameterVersion[] {
  return [...versions, next].slice(-maxVersions);
}
