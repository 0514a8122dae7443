import * as z from "zod/mini";
import { readArtifactKey } from "./keys.ts";
import { servicePattern } from "./names.ts";
import { inOneLine, problemsOf } from "./problems.ts";

/** EventBridge's `Object Created`, as far as Kiln reads it. Source: S3 user guide, ev-events. */
const uploadEvent = z.object({
  source: z.literal("aws.s3"),
  "detail-type": z.literal("Object Created"),
  time: z.string(),
  detail: z.object({
    bucket: z.object({ name: z.string() }),
    object: z.object({ key: z.string(), "version-id": z.string() }),
  }),
});

const manualInput = z.strictObject({
  service: z.string().check(z.regex(servicePattern, "must be a service name")),
  version: z.optional(z.string().check(z.minLength(1), z.maxLength(64))),
  /** Written into the history. */
  reason: z.optional(z.string().check(z.maxLength(500))),
  /** Set by refresh: deploy again what is live. */
  refresh: z.optional(z.boolean()),
});

/** What an execution of deploy was asked, whichever way it was started. */
export type DeployRequest =
  | { kind: "upload"; service: string; version: string; bucket: string; key: string; versionId: string; time: string }
  | { kind: "manual" | "refresh"; service: string; version: string | undefined }
  | { kind: "invalid"; problem: string; what: "input" | "key" };

/** Reads the input of a deploy execution: an upload's event, or what a person typed. */
export function readDeployRequest(input: unknown): DeployRequest {
  const event = uploadEvent.safeParse(input);
  if (event.success) return readUpload(event.data);
  const manual = manualInput.safeParse(input);
  if (!manual.success) {
    return { kind: "invalid", what: "input", problem: inOneLine(problemsOf(manual.error)) };
  }
  const { service, version, refresh } = manual.data;
  return { kind: refresh ? "refresh" : "manual", service, version };
}

function readUpload(event: z.infer<typeof uploadEvent>): DeployRequest {
  const { bucket, object } = event.detail;
  const key = readArtifactKey(object.key);
  if (key.kind === "production") {
    const { service, version } = key;
    return {
      kind: "upload",
      service,
      version,
      bucket: bucket.name,
      key: object.key,
      versionId: object["version-id"],
      time: event.time,
    };
  }
  const problem =
    key.kind === "unknown" ? key.reason : `it is the key of ${key.kind === "layer" ? "a layer" : "an experiment"}`;
  return { kind: "invalid", what: "key", problem: `${object.key}: ${problem}` };
}

/** What an execution of rollback is asked. */
export const rollbackInput = z.strictObject({
  service: z.string().check(z.regex(servicePattern, "must be a service name")),
  to: z.optional(z.string().check(z.minLength(1), z.maxLength(64))),
  reason: z.optional(z.string().check(z.maxLength(500))),
});
