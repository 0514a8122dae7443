import * as z from "zod/mini";
import { readArtifactKey, versionPattern } from "./keys.ts";
import { servicePattern } from "./names.ts";
import { inOneLine, problemsOf } from "./problems.ts";
import type { Asked } from "./provenance.ts";

/** A time that can be put in order with others; anything else would make the newest upload undecidable. */
const time = z.string().check(
  z.regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/, "must be an ISO time in UTC"),
  z.refine((text) => Number.isFinite(Date.parse(text)), "must be a time that exists"),
);

/** EventBridge's `Object Created`, as far as Kiln reads it. Source: S3 user guide, ev-events. */
const uploadEvent = z.object({
  source: z.literal("aws.s3"),
  "detail-type": z.literal("Object Created"),
  time,
  detail: z.object({
    bucket: z.object({ name: z.string() }),
    /** The account, or the AWS service, that put it. */
    requester: z.optional(z.string().check(z.maxLength(128))),
    "source-ip-address": z.optional(z.string().check(z.maxLength(64))),
    object: z.object({
      /** S3 allows 1024 bytes. */
      key: z.string().check(z.minLength(1), z.maxLength(1024)),
      "version-id": z
        .string("is missing: the bucket must have versioning switched on")
        .check(z.regex(/^[\x21-\x7e]{1,1024}$/, "must be a version id of S3")),
    }),
  }),
});

const manualInput = z.strictObject({
  service: z.string().check(z.regex(servicePattern, "must be a service name")),
  version: z.optional(z.string().check(z.regex(versionPattern, "must be a version, such as 1.4.2"))),
  /** Why, in the words of whoever asks; written into the release. */
  reason: z.optional(z.string().check(z.maxLength(500))),
  /** Who asks, as they say: the CLI gives its caller's ARN. Written into the release. */
  by: z.optional(z.string().check(z.maxLength(256))),
  /** Why it is deployed in spite of a freeze or outside the service's windows; written into the release. */
  override: z.optional(z.string().check(z.minLength(3, "must say why, in at least 3 characters"), z.maxLength(500))),
  /** Set by refresh: deploy again what is live. */
  refresh: z.optional(z.boolean()),
  /** Go on from the production rule as somebody else left it. */
  acceptRule: z.optional(z.boolean()),
});

/** What an execution of deploy was asked, whichever way it was started. */
export type DeployRequest =
  | {
      kind: "upload";
      service: string;
      version: string;
      bucket: string;
      key: string;
      versionId: string;
      time: string;
      asked: Asked;
    }
  | {
      kind: "manual" | "refresh";
      service: string;
      version: string | undefined;
      override: string | undefined;
      acceptRule: boolean;
      asked: Asked;
    }
  | { kind: "invalid"; problem: string; what: "input" | "key" };

/** Reads the input of a deploy execution: an upload's event, or what a person typed. */
export function readDeployRequest(input: unknown): DeployRequest {
  const event = uploadEvent.safeParse(input);
  if (event.success) return readUpload(event.data);
  if (resemblesEvent(input)) {
    const problem = `it looks like an event, but not like S3's "Object Created": ${inOneLine(problemsOf(event.error))}`;
    return { kind: "invalid", what: "input", problem };
  }
  const manual = manualInput.safeParse(input);
  if (!manual.success) {
    return { kind: "invalid", what: "input", problem: inOneLine(problemsOf(manual.error)) };
  }
  const { service, version, refresh, override, reason, by, acceptRule = false } = manual.data;
  const why = reason === undefined ? {} : { reason };
  const asked: Asked = refresh
    ? { kind: "refresh", ...why }
    : { kind: "manual", ...(by !== undefined && { by }), ...why };
  return { kind: asked.kind, service, version, override, acceptRule, asked };
}

function resemblesEvent(input: unknown): boolean {
  return typeof input === "object" && input !== null && ("detail-type" in input || "Records" in input);
}

/**
 * What a request is about, as far as it can be told even of one that is refused: for the record of the refusal. A key
 * outside the layout still begins with the service that its pusher meant.
 */
export function subjectOf(input: unknown): { service?: string; key?: string; versionId?: string; time?: string } {
  const event = uploadEvent.safeParse(input);
  if (event.success) {
    const { key, "version-id": versionId } = event.data.detail.object;
    return { ...named(key.split("/")[0]), key, versionId, time: event.data.time };
  }
  const manual = z.object({ service: z.string() }).safeParse(input);
  return manual.success ? named(manual.data.service) : {};
}

function named(service: string | undefined): { service?: string } {
  return service !== undefined && servicePattern.test(service) ? { service } : {};
}

function readUpload(event: z.infer<typeof uploadEvent>): DeployRequest {
  const { bucket, object, requester: account, "source-ip-address": sourceIp } = event.detail;
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
      asked: { kind: "upload", ...(account !== undefined && { account }), ...(sourceIp !== undefined && { sourceIp }) },
    };
  }
  const problem =
    key.kind === "unknown" ? key.reason : `it is the key of ${key.kind === "layer" ? "a layer" : "an experiment"}`;
  return { kind: "invalid", what: "key", problem: `${object.key}: ${problem}` };
}

const redAlarm = z.strictObject({ name: z.string().check(z.minLength(1), z.maxLength(255)), at: time });

/** What EventBridge asks of rollback when an alarm turned red: it is not known yet which services watch it. */
export const alarmInput = z.strictObject({ alarm: redAlarm });

/** What an execution of rollback is asked. */
export const rollbackInput = z.strictObject({
  service: z.string().check(z.regex(servicePattern, "must be a service name")),
  /** Set when an alarm asks: then it is decided once more whether it may. */
  alarm: z.optional(redAlarm),
  to: z.optional(z.string().check(z.minLength(1), z.maxLength(64))),
  reason: z.optional(z.string().check(z.maxLength(500))),
  /** Go on from the production rule as somebody else left it. */
  acceptRule: z.optional(z.boolean()),
});
