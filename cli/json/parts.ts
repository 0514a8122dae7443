import * as z from "zod/mini";

/** Parts that several commands print with `--json`. */

const phase = z.strictObject({
  state: z.string(),
  atSeconds: z.number(),
  seconds: z.number(),
  turns: z.int(),
  failures: z.int(),
});

/** How an execution ended; seconds are modelled ones. */
export const outcome = {
  execution: z.string(),
  end: z.string(),
  reason: z.optional(z.string()),
  generation: z.optional(z.string()),
  seconds: z.number(),
  phases: z.array(phase),
};

/** An execution that nobody followed (`--no-wait`). */
export const notFollowed = { execution: z.string(), end: z.null() };

export const uploaded = {
  key: z.string(),
  /** Missing where the bucket keeps no versions. */
  versionId: z.optional(z.string()),
  bytes: z.int(),
};

const digested = z.object({ name: z.string(), key: z.string(), versionId: z.string(), sha256: z.string() });

/** From the commit to the instances of one release. */
export const chain = z.strictObject({
  source: z.nullable(
    z.strictObject({
      commit: z.optional(z.string()),
      repository: z.optional(z.string()),
      dirty: z.optional(z.literal(true)),
      pushedBy: z.optional(z.string()),
    }),
  ),
  asked: z.object({ kind: z.enum(["upload", "manual", "refresh", "rollback"]) }),
  pushedAt: z.nullable(z.string()),
  artifact: digested,
  layers: z.array(digested),
  base: z.strictObject({ name: z.string(), imageId: z.string(), ownedImageId: z.nullable(z.string()) }),
  specDigest: z.string(),
  releaseDigest: z.string(),
  imageDigest: z.string(),
  imageId: z.nullable(z.string()),
  fleet: z.string(),
  /** What runs of it now. */
  instanceIds: z.array(z.string()),
  verdicts: z.array(z.strictObject({ at: z.string(), event: z.string(), evidence: z.record(z.string(), z.unknown()) })),
  /** Unit: seconds since the release was frozen. */
  timings: z.array(z.strictObject({ event: z.string(), afterSeconds: z.number() })),
});

/** By Kiln's own table of list prices; what the table lacks is null, with the reason. Unit: US dollars. */
export const cost = z.strictObject({
  asOf: z.string(),
  sources: z.array(z.string()),
  perDay: z.array(
    z.strictObject({
      what: z.string(),
      generations: z.array(z.string()),
      dollarsPerDay: z.nullable(z.number()),
      unknown: z.nullable(z.string()),
    }),
  ),
  deploy: z.strictObject({ dollars: z.nullable(z.number()), unknown: z.nullable(z.string()) }),
});

export const evidence = z.strictObject({ at: z.string(), event: z.string(), says: z.string() });

export const fleetStatus = z.strictObject({
  role: z.enum(["live", "standby", "candidate"]),
  generation: z.string(),
  version: z.string(),
  instances: z.int(),
  wanted: z.int(),
  healthy: z.int(),
  /** Missing when the production rule does not name its target group. */
  weight: z.optional(z.int()),
  /** What its spec says about leaving; missing when its release is not in the ledger. Unit: seconds. */
  drainSeconds: z.optional(z.int()),
  stopSeconds: z.optional(z.int()),
  time: z.string(),
});

/** What was last proved of the way back. */
export const wayBack = z.strictObject({
  generation: z.string(),
  promised: z.string(),
  way: z.enum(["hot", "cold", "lost"]),
  ready: z.boolean(),
  problems: z.array(z.string()),
  provedAt: z.string(),
  /** Median of the rollbacks of this kind; missing when none was measured. Unit: seconds. */
  expectedSeconds: z.optional(z.int()),
});

/** How the last drill went: the rehearsal of the rollback. */
export const drillResult = z.strictObject({
  generation: z.string(),
  /** What was live, and is. */
  live: z.string(),
  /** `inconclusive`: no request fell to the standby, or the drill was ended early. */
  verdict: z.enum(["pass", "fail", "inconclusive"]),
  why: z.string(),
  percent: z.int(),
  by: z.optional(z.string()),
  at: z.string(),
  /** From being asked until the standby had its share; missing when it got none. Unit: seconds. */
  backSeconds: z.optional(z.number()),
  /** The call that gave live everything again. Unit: seconds. */
  returnSeconds: z.optional(z.number()),
  /** Unit: seconds. */
  wholeSeconds: z.number(),
  /** What the standby answered, by the load balancer's count; missing when nobody looked. */
  answers: z.optional(z.strictObject({ requests: z.int(), errors: z.int() })),
});

/** An experiment as it is now. */
export const experimentStatus = z.strictObject({
  service: z.string(),
  experiment: z.string(),
  /** `over`: nothing of it is left but its records. */
  state: z.enum(["starting", "serving", "ending", "over"]),
  generation: z.nullable(z.string()),
  version: z.nullable(z.string()),
  /** ISO time; the sweep removes it within the hour after. */
  until: z.string(),
  /** What reaches it. */
  host: z.nullable(z.string()),
  header: z.nullable(z.string()),
  url: z.nullable(z.string()),
  healthy: z.int(),
  wanted: z.int(),
  /** Unit: US dollars, by Kiln's table of list prices. */
  dollarsPerDay: z.nullable(z.number()),
  underWay: z.nullable(z.string()),
});

export const releaseState = z.enum(["live", "standby", "deploying", "cold", "gone"]);

export const plannedWork = z.object({
  service: z.string(),
  generation: z.string(),
  action: z.string(),
  reason: z.string(),
});

/** What was built of a golden recipe. */
export const recipeBuild = {
  recipe: z.string(),
  digest: z.string(),
  phase: z.enum(["building", "testing", "cleaning", "ready", "failed"]),
  imageId: z.nullable(z.string()),
  parentImageId: z.string(),
  attempt: z.int(),
  startedAt: z.string(),
  isInForce: z.boolean(),
  packages: z.array(z.string()),
  users: z.array(z.string()),
  failure: z.nullable(z.string()),
};
