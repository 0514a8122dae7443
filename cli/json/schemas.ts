import * as z from "zod/mini";
import { revocable } from "../../shared/domain/revocation.ts";
import { logSources } from "../logs/line.ts";
import {
  chain,
  cost,
  drillResult,
  evidence,
  experimentStatus,
  fleetStatus,
  notFollowed,
  outcome,
  plannedWork,
  recipeBuild,
  releaseState,
  uploaded,
  wayBack,
} from "./parts.ts";

const nullableText = z.nullable(z.string());

/** What a failing command prints with `--json`, beside facts of its own. */
export const failureSchema = z.object({
  error: z.strictObject({
    name: z.string(),
    what: z.string(),
    left: z.string(),
    fix: z.string(),
    details: z.optional(z.array(z.string())),
  }),
  exitCode: z.enum({ failed: 1, usage: 2, left: 3 }),
});

/** What each command prints with `--json` when it succeeds: one object, on the last line of stdout. */
export const resultSchemas: Readonly<Record<string, z.ZodMiniType>> = {
  init: z.strictObject({ file: z.string(), service: z.string() }),
  up: z.strictObject({
    endpoint: z.string(),
    services: z.string(),
    artifacts: z.string(),
    state: z.string(),
    stopped: z.literal(true),
  }),
  push: z.union([
    z.strictObject({ service: z.string(), version: z.string(), commit: nullableText, ...uploaded, ...outcome }),
    z.strictObject({ service: z.string(), version: z.string(), commit: nullableText, ...uploaded, end: z.null() }),
    z.strictObject({ layer: z.string(), ...uploaded }),
  ]),
  status: z.strictObject({
    stage: z.string(),
    services: z.array(
      z.strictObject({
        service: z.string(),
        url: z.optional(z.string()),
        fleets: z.array(fleetStatus),
        underWay: z.optional(z.string()),
        unexplained: z.optional(z.string()),
        cost: z.optional(cost),
        wayBack: z.optional(wayBack),
        drill: z.optional(drillResult),
        notes: z.array(z.string()),
      }),
    ),
    experiments: z.array(experimentStatus),
  }),
  why: z.strictObject({
    service: z.string(),
    serving: z.nullable(
      z.strictObject({
        generation: z.string(),
        version: z.string(),
        since: nullableText,
        healthy: z.int(),
        instances: z.int(),
        wanted: z.int(),
        evidence: z.array(evidence),
      }),
    ),
    rollback: z.strictObject({
      path: z.enum(["hot", "cold", "none"]),
      generation: nullableText,
      version: nullableText,
      why: z.string(),
    }),
    wayBack: z.nullable(wayBack),
    underWay: z.nullable(
      z.strictObject({
        generation: nullableText,
        execution: z.string(),
        status: z.string(),
        fence: z.nullable(z.int()),
        waitsFor: nullableText,
        latest: z.nullable(evidence),
      }),
    ),
    hold: z.nullable(z.strictObject({ why: z.string(), until: nullableText })),
    byItself: z.array(z.string()),
    differences: z.array(z.string()),
  }),
  logs: z.strictObject({
    service: z.string(),
    generation: z.string(),
    lines: z.array(
      z.strictObject({ at: nullableText, source: z.enum(logSources), from: z.string(), text: z.string() }),
    ),
  }),
  releases: z.strictObject({
    service: z.string(),
    releases: z.array(
      z.strictObject({
        generation: z.string(),
        version: z.string(),
        createdAt: z.string(),
        state: releaseState,
        lastEvent: z.string(),
        cause: z.optional(z.string()),
        revoked: z.optional(z.string()),
        imageDigest: z.string(),
      }),
    ),
    refused: z.array(z.object({ at: z.string(), execution: z.string(), error: z.string(), message: z.string() })),
  }),
  "releases show": z.strictObject({
    release: z.object({ service: z.string(), generation: z.string(), version: z.string(), imageDigest: z.string() }),
    state: releaseState,
    chain,
    timeline: z.array(evidence),
  }),
  "releases sbom": z.object({ bomFormat: z.literal("CycloneDX"), specVersion: z.literal("1.6") }),
  "releases pin": z.strictObject({ generation: z.string(), pinned: z.literal(true) }),
  "releases unpin": z.strictObject({ generation: z.string(), wasPinned: z.boolean() }),
  revoke: z.union([
    z.strictObject({ kind: z.enum(revocable), id: z.string(), wasRevoked: z.boolean() }),
    z.strictObject({
      kind: z.enum(revocable),
      id: z.string(),
      reason: z.string(),
      services: z.array(
        z.strictObject({
          service: z.string(),
          revoked: z.array(z.string()),
          serving: z.boolean(),
          stopped: nullableText,
          action: z.enum(["refresh", "rollback", "push", "end", "none"]),
          execution: nullableText,
        }),
      ),
    }),
  ]),
  diff: z.strictObject({
    from: z.string(),
    to: z.string(),
    sameImage: z.boolean(),
    differences: z.array(z.strictObject({ part: z.string(), key: z.string(), from: nullableText, to: nullableText })),
  }),
  rollback: z.union([
    followedOrNot(),
    z.strictObject({ service: z.string(), dryRun: z.literal(true), wayBack: z.nullable(wayBack) }),
  ]),
  drill: z.union([
    z.strictObject({ service: z.string(), ...outcome, drill: z.nullable(drillResult) }),
    z.strictObject({ service: z.string(), ...notFollowed }),
  ]),
  deploy: followedOrNot(),
  approve: z.strictObject({ service: z.string(), generation: z.string(), approved: z.literal(true) }),
  reject: z.strictObject({ service: z.string(), generation: z.string(), approved: z.literal(false) }),
  pause: z.strictObject({ service: z.string(), paused: z.literal(true), until: z.optional(z.string()) }),
  resume: z.strictObject({ service: z.string(), wasPaused: z.boolean() }),
  abort: z.strictObject({ service: z.string(), aborted: nullableText }),
  freeze: z.strictObject({
    service: nullableText,
    freeze: z.strictObject({ reason: z.string(), by: z.string(), at: z.string(), until: nullableText }),
  }),
  thaw: z.strictObject({ service: nullableText, wasFrozen: z.boolean() }),
  "service apply": z.strictObject({
    service: z.string(),
    digest: z.string(),
    unchanged: z.boolean(),
    baseImageId: z.string(),
  }),
  "base list": z.strictObject({
    stage: z.string(),
    services: z.array(
      z.strictObject({
        service: z.string(),
        base: z.string(),
        architecture: z.string(),
        live: nullableText,
        newest: nullableText,
        notes: z.array(z.string()),
      }),
    ),
    bases: z.array(
      z.strictObject({
        imageId: z.string(),
        copy: z.nullable(z.strictObject({ imageId: z.string(), state: z.string(), madeAt: nullableText })),
        users: z.array(z.string()),
        fate: nullableText,
      }),
    ),
    recipes: z.array(z.strictObject({ ...recipeBuild, fate: nullableText })),
  }),
  "base show": z.strictObject({ stage: z.string(), recipe: z.string(), builds: z.array(z.strictObject(recipeBuild)) }),
  "base refresh": z.union([
    z.strictObject({
      ...outcome,
      services: z.array(z.strictObject({ service: z.string(), reason: z.string(), execution: z.string() })),
      left: z.array(z.strictObject({ service: z.string(), reason: z.string() })),
    }),
    z.strictObject(notFollowed),
    z.strictObject({ service: z.string(), wasPaused: z.boolean() }),
  ]),
  "base apply": z.strictObject({
    recipe: z.string(),
    digest: z.string(),
    unchanged: z.boolean(),
    parentImageId: z.string(),
    imageId: nullableText,
    packages: z.int(),
  }),
  "base pin": z.strictObject({ service: z.string(), pinned: nullableText, was: nullableText }),
  "experiment list": z.strictObject({ stage: z.string(), experiments: z.array(experimentStatus) }),
  "experiment start": z.union([
    z.strictObject({
      service: z.string(),
      experiment: z.string(),
      key: nullableText,
      ...outcome,
      status: z.optional(experimentStatus),
    }),
    z.strictObject({
      service: z.string(),
      experiment: z.string(),
      key: nullableText,
      execution: nullableText,
      end: z.null(),
    }),
  ]),
  "experiment extend": z.strictObject({ service: z.string(), experiment: z.string(), until: z.string() }),
  "experiment stop": z.strictObject({ service: z.string(), experiment: z.string(), stopped: z.boolean() }),
  "experiment promote": z.union([
    z.strictObject({ service: z.string(), experiment: z.string(), ...outcome }),
    z.strictObject({ service: z.string(), experiment: z.string(), ...notFollowed }),
  ]),
  sweep: z.union([
    z.strictObject({ dryRun: z.literal(true), plan: z.array(plannedWork) }),
    z.strictObject({ ...outcome, plan: z.array(plannedWork) }),
  ]),
  doctor: z.strictObject({
    stage: z.string(),
    service: nullableText,
    checks: z.array(
      z.strictObject({
        subject: z.string(),
        verdict: z.enum(["ok", "warn", "fail", "not checked"]),
        says: z.string(),
        fix: nullableText,
      }),
    ),
  }),
  "install-policy": z.strictObject({ Version: z.string(), Statement: z.array(z.record(z.string(), z.unknown())) }),
  uninstall: z.union([
    z.strictObject({
      stage: z.string(),
      dryRun: z.literal(true),
      plan: z.array(z.strictObject({ kind: z.string(), id: z.string(), note: nullableText })),
    }),
    z.strictObject({
      stage: z.string(),
      dryRun: z.literal(false),
      removed: z.array(z.strictObject({ kind: z.string(), ids: z.array(z.string()) })),
    }),
  ]),
  env: z.record(z.string(), z.string()),
  completion: z.strictObject({ shell: z.string(), script: z.string() }),
};

function followedOrNot() {
  return z.union([
    z.strictObject({ service: z.string(), ...outcome }),
    z.strictObject({ service: z.string(), ...notFollowed }),
  ]);
}
