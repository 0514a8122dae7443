import * as z from "zod/mini";
import { drillLimits } from "./drill.ts";
import type { ExperimentAsk } from "./experiment.ts";
import { termsSchema } from "./experiment-terms.ts";
import { readArtifactKey, versionPattern } from "./keys.ts";
import { experimentName, experimentPattern, servicePattern } from "./names.ts";
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

const version = z.string().check(z.regex(versionPattern, "must be a version, such as 1.4.2"));
const experiment = z.string().check(z.regex(experimentPattern, "must be an experiment name"));

const manualInput = z.strictObject({
  service: z.string().check(z.regex(servicePattern, "must be a service name")),
  version: z.optional(version),
  /** Start an experiment of the service, or replace its fleet; production is not touched. */
  experiment: z.optional(z.extend(termsSchema, { name: experiment, version: z.optional(version) })),
  /** Deploy the image that serves in this experiment of the service. */
  promote: z.optional(experiment),
  /** Why, in the words of whoever asks; written into the release. */
  reason: z.optional(z.string().check(z.maxLength(500))),
  /** Who asks, as they say: the CLI gives its caller's ARN. Written into the release. */
  by: z.optional(z.string().check(z.maxLength(256))),
  /** Why it is deployed in spite of a freeze or outside the service's windows; written into the release. */
  override: z.optional(z.string().check(z.minLength(3, "must say why, in at least 3 characters"), z.maxLength(500))),
  /** Set by refresh: deploy again what is live. */
  refresh: z.optional(z.boolean()),
  /** Of a refresh: the generation that it found stale; once another is live there is nothing to do. */
  replacing: z.optional(z.string().check(z.minLength(1), z.maxLength(64))),
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
      experiment?: ExperimentAsk;
    }
  | {
      kind: "manual" | "refresh";
      service: string;
      version: string | undefined;
      override: string | undefined;
      replacing: string | undefined;
      acceptRule: boolean;
      asked: Asked;
      experiment?: ExperimentAsk;
      /** Name of the experiment whose image is deployed. */
      promote?: string;
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
  const problem = contradiction(manual.data);
  if (problem !== undefined) return { kind: "invalid", what: "input", problem };
  const {
    service,
    version,
    refresh,
    replacing,
    override,
    reason,
    by,
    acceptRule = false,
    experiment: tried,
    promote,
  } = manual.data;
  const why = reason === undefined ? {} : { reason };
  const asked: Asked = refresh
    ? { kind: "refresh", ...why }
    : { kind: "manual", ...(by !== undefined && { by }), ...why };
  return {
    kind: asked.kind,
    service,
    version,
    override,
    replacing,
    acceptRule,
    asked,
    ...(tried && { experiment: askedOf(tried) }),
    ...(promote !== undefined && { promote }),
  };
}

function askedOf({ name, ...rest }: NonNullable<z.infer<typeof manualInput>["experiment"]>): ExperimentAsk {
  return { experiment: name, ...rest };
}

/** Keys that are each fine and cannot all be meant. */
function contradiction({
  version,
  refresh,
  experiment: asked,
  promote,
}: z.infer<typeof manualInput>): string | undefined {
  if (promote !== undefined && (asked || version !== undefined || refresh)) {
    return "promote deploys what serves in the experiment, so it stands alone beside service";
  }
  if (asked && (version !== undefined || refresh))
    return "the version of an experiment stands in it (experiment.version)";
  return undefined;
}

/** The name under which a request is admitted: the service's, or the one that stands for its experiment. */
export function admittedName({ service, experiment: asked }: { service: string; experiment?: ExperimentAsk }): string {
  return asked ? experimentName({ service, experiment: asked.experiment }) : service;
}

function resemblesEvent(input: unknown): boolean {
  return typeof input === "object" && input !== null && ("detail-type" in input || "Records" in input);
}

interface Subject {
  service?: string;
  /** Of the service, when the request was about one. */
  experiment?: string;
  key?: string;
  versionId?: string;
  time?: string;
  isRefresh?: true;
}

/**
 * What a request is about, as far as it can be told even of one that is refused: for the record of the refusal. A key
 * outside the layout still begins with the service that its pusher meant.
 */
export function subjectOf(input: unknown): Subject {
  const event = uploadEvent.safeParse(input);
  if (event.success) {
    const { key, "version-id": versionId } = event.data.detail.object;
    const read = readArtifactKey(key);
    const tried = read.kind === "experiment" && { experiment: read.experiment };
    return { ...named(key.split("/")[0]), ...tried, key, versionId, time: event.data.time };
  }
  const manual = z.object({ service: z.string(), refresh: z.optional(z.boolean()) }).safeParse(input);
  if (!manual.success) return {};
  const asked = z.object({ experiment: z.object({ name: experiment }) }).safeParse(input);
  return {
    ...named(manual.data.service),
    ...(asked.success && { experiment: asked.data.experiment.name }),
    ...(manual.data.refresh && { isRefresh: true }),
  };
}

function named(service: string | undefined): { service?: string } {
  return service !== undefined && servicePattern.test(service) ? { service } : {};
}

function readUpload(event: z.infer<typeof uploadEvent>): DeployRequest {
  const { bucket, object, requester: account, "source-ip-address": sourceIp } = event.detail;
  const key = readArtifactKey(object.key);
  if (key.kind === "production" || key.kind === "experiment") {
    return {
      kind: "upload",
      service: key.service,
      version: key.kind === "production" ? key.version : key.experiment,
      bucket: bucket.name,
      key: object.key,
      versionId: object["version-id"],
      time: event.time,
      asked: { kind: "upload", ...(account !== undefined && { account }), ...(sourceIp !== undefined && { sourceIp }) },
      ...(key.kind === "experiment" && { experiment: { experiment: key.experiment } }),
    };
  }
  const problem = key.kind === "unknown" ? key.reason : "it is the key of a layer";
  return { kind: "invalid", what: "key", problem: `${object.key}: ${problem}` };
}

const redAlarm = z.strictObject({ name: z.string().check(z.minLength(1), z.maxLength(255)), at: time });

/** What EventBridge asks of rollback when an alarm turned red: it is not known yet which services watch it. */
export const alarmInput = z.strictObject({ alarm: redAlarm });

const { percent, seconds } = drillLimits;

/** How a rollback is rehearsed; everything has a usual value, so `{}` will do. */
const drillInput = z.strictObject({
  /** Share of the requests that the standby gets. */
  percent: z._default(
    z.int().check(z.gte(percent.least), z.lte(percent.most, `must be at most ${percent.most}: users get this share`)),
    percent.usual,
  ),
  /** For how long. */
  seconds: z._default(z.int().check(z.gte(seconds.least), z.lte(seconds.most)), seconds.usual),
  /** Who asks, as they say: the CLI gives its caller's ARN. */
  by: z.optional(z.string().check(z.maxLength(256))),
});

/** What an execution of rollback is asked. */
export const rollbackInput = z.strictObject({
  service: z.string().check(z.regex(servicePattern, "must be a service name")),
  /** Set when an alarm asks: then it is decided once more whether it may. */
  alarm: z.optional(redAlarm),
  to: z.optional(z.string().check(z.minLength(1), z.maxLength(64))),
  reason: z.optional(z.string().check(z.maxLength(500))),
  /** Go on from the production rule as somebody else left it. */
  acceptRule: z.optional(z.boolean()),
  /** Only rehearse it: the standby gets a small share for a while, then live everything again. Stands beside `service` alone. */
  drill: z.optional(drillInput),
});

/** What a rehearsal is asked. */
export type DrillRequest = z.infer<typeof drillInput>;

/** What an execution of refresh is asked. The schedule asks `{}`. */
export const refreshInput = z.strictObject({
  /** Left out: every service of the stage. */
  service: z.optional(z.string().check(z.regex(servicePattern, "must be a service name"))),
  /** Refreshes the named service although nothing about it is stale; written into the history. */
  reason: z.optional(z.string().check(z.minLength(3, "must say why, in at least 3 characters"), z.maxLength(400))),
  /** All begin at once, instead of one after another, each in its window. */
  now: z.optional(z.boolean()),
});

export type RefreshRequest = z.infer<typeof refreshInput>;

/** Reads the input of a refresh. */
export function readRefreshRequest(input: unknown): RefreshRequest | { problem: string } {
  const read = refreshInput.safeParse(input);
  if (!read.success) return { problem: inOneLine(problemsOf(read.error)) };
  const { service, reason } = read.data;
  if (reason !== undefined && service === undefined) return { problem: "reason: belongs to a service that is named" };
  return read.data;
}
