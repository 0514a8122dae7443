import * as z from "zod/mini";
import { releaseEvents } from "../../shared/domain/release-events.ts";
import { jsonText } from "./document.ts";

const text = z.string();
const count = z.number();
const generation = z.string().check(z.regex(/^[a-z][a-z0-9.-]*-\d{6,}$/));
const instanceId = z.string().check(z.regex(/^i-[0-9a-f]+$/));
const isoTime = z.string().check(z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/));
const verdict = z.enum(["pass", "fail", "inconclusive"]);

const health = z.looseObject({ healthy: count, total: count, reasons: z.array(text) });
const weights = z.array(z.looseObject({ targetGroupArn: text, weight: count }));
const reports = z.array(z.looseObject({ check: text, verdict, reason: text }));
/** By instance: what it printed. */
const consoles = z.record(instanceId, text);
const failure = z.nullable(z.looseObject({ state: text, error: text, cause: text }));
const side = z.looseObject({ requests: count, bad: count });
const comparison = {
  verdict,
  reason: text,
  metrics: z.array(z.looseObject({ metric: z.enum(["errors", "slow"]), verdict, baseline: side, candidate: side })),
  requestsNeeded: z.nullable(count),
  decides: z.optional(z.literal(false)),
};
const wayBack = {
  to: z.nullable(generation),
  promised: text,
  way: text,
  problems: z.array(text),
};

const drill = {
  generation,
  live: text,
  verdict,
  why: text,
  percent: count,
  by: z.optional(text),
  backSeconds: z.optional(count),
  returnSeconds: z.optional(count),
  wholeSeconds: count,
  answers: z.optional(z.looseObject({ requests: count, errors: count })),
};

/** What an event of each kind promises to carry. There may be more in it. */
const evidence = {
  baked: { imageId: text, name: text, base: text, written: z.boolean() },
  launched: { fleet: text, instances: count, instanceType: text },
  validated: { verdict: z.literal("pass"), health: text, reports },
  "validation-failed": { verdict: z.literal("fail"), reason: text, reports, console: consoles },
  "once-ran": { outcome: z.enum(["done", "failed", "unknown"]), says: text },
  "approval-asked": { until: isoTime, cost: z.optional(text), pricesOf: text },
  approved: { approved: z.unknown() },
  "cut-over": { weights, percent: count, toHealth: health, fromHealth: z.optional(health), needed: count },
  undecided: comparison,
  judged: comparison,
  finished: { from: weights, weights },
  "observation-failed": { reason: text, health, reports, console: consoles },
  restored: { from: weights, live: z.nullable(generation), difference: z.optional(text) },
  quarantined: { instanceId, until: isoTime },
  "quarantine-refused": { reason: text },
  "rollback-began": {
    to: generation,
    by: z.enum(["person", "alarm"]),
    alarm: z.optional(z.looseObject({ name: text })),
    reason: z.optional(text),
  },
  "drill-began": { percent: count, seconds: count, live: z.optional(generation), by: z.nullable(text) },
  drilled: drill,
  "drill-failed": drill,
  withdrawn: { from: z.optional(weights), to: z.optional(weights), health: z.optional(health) },
  ended: { was: z.nullable(generation) },
  "way-back-lost": wayBack,
  "way-back-regained": wayBack,
  live: { standby: z.nullable(generation) },
  touched: { instanceId, reasons: z.array(text) },
  failed: { failure },
  dirty: { failure },
} as const satisfies Record<keyof typeof releaseEvents, Record<string, z.ZodMiniType>>;

/** Events that a deploy may write several times carry a number, and those of an instance its id. */
const endings: Partial<Record<keyof typeof evidence, string>> = {
  "cut-over": "(-\\d+)?",
  undecided: "(-\\d+)?",
  judged: "(-\\d+)?",
  touched: "-i-[0-9a-f]+",
};

/** The record of an event of one kind, as its object in the ledger has it. */
function recordOf(kind: keyof typeof evidence): z.ZodMiniType {
  return z.looseObject({
    event: z.string().check(z.regex(new RegExp(`^${kind}${endings[kind] ?? ""}$`))),
    at: isoTime,
    execution: z.string().check(z.regex(/^arn:aws[a-z-]*:states:/)),
    ...evidence[kind],
  });
}

const key =
  /^(services\/[a-z0-9-]+|experiments\/[a-z0-9-]+\/[a-z0-9-]+)\/history\/[a-z0-9.-]+-\d{6,}\/[^/]+\.[a-z0-9-]+\.json$/;

/** What EventBridge delivers: Amazon S3's own event. Source: S3 user guide, "EventBridge event message structure". */
const delivered = z.looseObject({
  source: z.literal("aws.s3"),
  "detail-type": z.literal("Object Created"),
  time: text,
  account: text,
  region: text,
  detail: z.looseObject({
    bucket: z.looseObject({ name: z.string().check(z.regex(/^kiln-[a-z0-9-]+-ledger-\d{12}-[a-z0-9-]+$/)) }),
    object: z.looseObject({ key: z.string().check(z.regex(key)) }),
  }),
});

/** The JSON Schema of the event that is delivered, and of the record that its key names, by kind. */
export function eventSchemaText(): string {
  const definition = (schema: z.ZodMiniType) => {
    const { $schema: _, ...rest } = z.toJSONSchema(schema, { target: "draft-7" }) as Record<string, unknown>;
    return rest;
  };
  const records = (Object.keys(releaseEvents) as (keyof typeof releaseEvents)[]).map((kind) => [
    kind,
    { description: releaseEvents[kind], ...definition(recordOf(kind)) },
  ]);
  return jsonText({
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Kiln's events",
    description: "Generated by scripts/generate-references.ts from scripts/documents/event-schema.ts.",
    $defs: { delivered: definition(delivered), ...Object.fromEntries(records) },
  });
}
