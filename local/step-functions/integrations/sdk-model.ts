import { NormalizedSchema } from "@smithy/core/schema";
import { sdkServices } from "./sdk-services.ts";

/** What the SDK knows of one service: its operations' shapes and the errors it has classes for. */
export interface SdkModel {
  operations: ReadonlyMap<string, { input: NormalizedSchema; output: NormalizedSchema }>;
  /** From the code on the wire, and from the shape's name, to the shape's name. */
  errors: ReadonlyMap<string, string>;
}

const models = new Map<string, SdkModel>();

/**
 * Reads a service's schemas from its SDK package. Done when a definition is created or found at start-up, so that no
 * task of a running machine waits for a file.
 */
export async function loadSdkModel(name: string): Promise<SdkModel> {
  const known = models.get(name);
  if (known) return known;
  const service = sdkServices[name];
  if (!service) throw new Error(`no SDK service is called ${name}`);
  const exported = (await import(service.package)) as Record<string, unknown>;
  const model = read(exported);
  models.set(name, model);
  return model;
}

/** The model of a service loaded before. */
export function sdkModel(name: string): SdkModel {
  const model = models.get(name);
  if (!model) throw new Error(`the model of ${name} was not loaded when its state machine was`);
  return model;
}

/** Schemas are tuples: 9 marks an operation (name, …, input, output), -3 an error (name, traits). */
function read(exported: Record<string, unknown>): SdkModel {
  const operations = new Map<string, { input: NormalizedSchema; output: NormalizedSchema }>();
  const errors = new Map<string, string>();
  for (const [key, schema] of Object.entries(exported)) {
    if (!key.endsWith("$") || !Array.isArray(schema)) continue;
    const [kind, , name, traits, input, output] = schema as [number, string, string, unknown, () => never, () => never];
    if (kind === 9) operations.set(name, { input: NormalizedSchema.of(input), output: NormalizedSchema.of(output) });
    if (kind !== -3) continue;
    errors.set(name, name);
    const wireCode = (traits as { awsQueryError?: [string, number] } | undefined)?.awsQueryError?.[0];
    if (wireCode !== undefined) errors.set(wireCode, name);
  }
  return { operations, errors };
}

/** `describeInstances` as the API calls it: `DescribeInstances`. */
export function operationName(action: string): string {
  return action.charAt(0).toUpperCase() + action.slice(1);
}

/**
 * An error's name as the SDK for Java makes it from the shape: `NoSuchBucket` is NoSuchBucketException, `AlreadyExistsFault`
 * AlreadyExistsException. Undefined when the SDK has no class for the code.
 */
export function exceptionName(model: SdkModel, code: string): string | undefined {
  const shape = model.errors.get(code) ?? model.errors.get(`${code}Exception`);
  if (shape === undefined || shape.endsWith("Exception")) return shape;
  return `${shape.endsWith("Fault") ? shape.slice(0, -"Fault".length) : shape}Exception`;
}
