import type { Capability } from "@aws-sdk/client-cloudformation";
import type { GetObjectCommandOutput } from "@aws-sdk/client-s3";
import { AwsError } from "../core/aws-error.ts";
import type { Caller, Kernel } from "../core/kernel.ts";
import { resourceTypes } from "./resource-types.ts";
import { type Template, templateError } from "./template.ts";

/** Source: "Understand CloudFormation quotas", template body size in a request and in S3. */
const maxBodyBytes = 51_200;
const maxObjectBytes = 1_048_576;

interface TemplateInput {
  TemplateBody?: string | undefined;
  TemplateURL?: string | undefined;
}

/**
 * The text of the template a request gives, in itself or as an object in S3.
 * @throws {AwsError} ValidationError when there is none, both, or one too large.
 */
export async function readTemplate(kernel: Kernel, input: TemplateInput, caller: Caller): Promise<string> {
  const { TemplateBody: body, TemplateURL: url } = input;
  if ((body === undefined) === (url === undefined)) {
    throw templateError("Either Template URL or Template Body must be specified.");
  }
  if (url !== undefined) return readObject(kernel, url, caller);
  if (Buffer.byteLength(body ?? "") > maxBodyBytes) {
    throw templateError(
      `1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to ${maxBodyBytes}`,
    );
  }
  return body ?? "";
}

async function readObject(kernel: Kernel, url: string, caller: Caller): Promise<string> {
  const { Bucket, Key } = objectOf(url);
  let object: GetObjectCommandOutput;
  try {
    object = await kernel.call<GetObjectCommandOutput>("s3", "GetObject", { Bucket, Key }, caller);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    throw templateError(`S3 error: ${error.message}`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of object.Body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > maxObjectBytes) throw templateError(`Template may not exceed ${maxObjectBytes} bytes in size.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** `https://bucket.s3.region.amazonaws.com/key`, or with the bucket as the path's first part, on AWS's host or this cloud's. */
function objectOf(url: string): { Bucket: string; Key: string } {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw templateError("TemplateURL must be a supported URL.");
  }
  const path = decodeURIComponent(parsed.pathname.slice(1));
  const virtual = /^(.+)\.s3[.-]/.exec(parsed.hostname)?.[1];
  if (virtual !== undefined) return { Bucket: virtual, Key: path };
  const slash = path.indexOf("/");
  if (slash < 1) throw templateError("TemplateURL must be a supported URL.");
  return { Bucket: path.slice(0, slash), Key: path.slice(slash + 1) };
}

/** @throws {AwsError} ValidationError, naming every type this cloud cannot make. */
export function checkTypes(template: Template): void {
  const types = new Set(Object.values(template.Resources).map((resource) => resource.Type));
  const unknown = [...types].filter((type) => !resourceTypes[type]);
  if (unknown.length > 0) {
    throw templateError(`Template format error: Unrecognized resource types: [${unknown.join(", ")}]`);
  }
}

const iamTypes = new Set([
  "AWS::IAM::InstanceProfile",
  "AWS::IAM::ManagedPolicy",
  "AWS::IAM::Policy",
  "AWS::IAM::Role",
]);

/**
 * The acknowledgement that a template with IAM resources needs.
 * @param given What the request acknowledges; left out, nothing is refused.
 * @throws {AwsError} InsufficientCapabilitiesException.
 */
export function requiredCapabilities(template: Template, given?: readonly Capability[]) {
  const iam = Object.values(template.Resources).filter((resource) => iamTypes.has(resource.Type));
  const named = iam.some((resource) => {
    const name = resourceTypes[resource.Type]?.nameProperty;
    return name !== undefined && resource.Properties?.[name] !== undefined;
  });
  const needed: Capability[] = iam.length === 0 ? [] : [named ? "CAPABILITY_NAMED_IAM" : "CAPABILITY_IAM"];
  const types = [...new Set(iam.map((resource) => resource.Type))].join(", ");
  const enough = given?.includes("CAPABILITY_NAMED_IAM") || needed.every((one) => given?.includes(one));
  if (given && !enough) {
    throw new AwsError("InsufficientCapabilitiesException", `Requires capabilities : [${needed.join(", ")}]`);
  }
  return { capabilities: needed, reason: `The following resource(s) require capabilities: [${types}]` };
}
