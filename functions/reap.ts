import * as z from "zod/mini";
import { Alerts } from "../shared/aws/alerts.ts";
import * as clients from "../shared/aws/clients.ts";
import { Documents } from "../shared/aws/documents.ts";
import { Executions } from "../shared/aws/executions.ts";
import { Fleets } from "../shared/aws/fleets.ts";
import { ImageRecords } from "../shared/aws/image-records.ts";
import { ImageUsers } from "../shared/aws/image-users.ts";
import { Images } from "../shared/aws/images.ts";
import { Instances } from "../shared/aws/instances.ts";
import { Keys } from "../shared/aws/keys.ts";
import { Ledger } from "../shared/aws/ledger.ts";
import { Quarantine } from "../shared/aws/quarantine.ts";
import { SentCommands } from "../shared/aws/sent-commands.ts";
import { Snapshots } from "../shared/aws/snapshots.ts";
import { TargetGroups } from "../shared/aws/target-groups.ts";
import { Templates } from "../shared/aws/templates.ts";
import { Traffic } from "../shared/aws/traffic.ts";
import { leftovers } from "../shared/domain/head.ts";
import { rarerLookSeconds } from "../shared/domain/pace.ts";
import { type Wake, wakesFor } from "../shared/domain/wake.ts";
import { replaceTouched } from "../shared/drift/replacing.ts";
import { ReapStuckError } from "../shared/errors.ts";
import { reapImages } from "../shared/image-reaping.ts";
import { endQuarantines, type QuarantineWorld, quarantineOne } from "../shared/quarantine.ts";
import { leaveHeldTrials, type ReapWorld, reapGeneration } from "../shared/reaping.ts";
import { lambdaHandler, type Step } from "../shared/step.ts";
import { memo, pending, ready, releaseRef, type StepOutput } from "../shared/step-input.ts";
import { type PlannedAnswer, type PlannedWork, survey } from "../shared/survey.ts";
import { type ProvedWayBack, proveWaysBack, type WayBackWorld } from "../shared/way-back.ts";

/** What an event of CloudTrail says somebody did, or a person of themselves. */
const touch = z.object({
  instanceId: z.string().check(z.regex(/^i-[0-9a-f]{8,17}$/)),
  what: z.string().check(z.maxLength(128)),
  by: z.optional(z.string().check(z.maxLength(512))),
  at: z.optional(z.string().check(z.maxLength(64))),
});

const input = z.discriminatedUnion("mode", [
  /** Removes the release's own generation: a candidate that failed. */
  z.object({
    mode: z.literal("candidate"),
    execution: z.string(),
    release: releaseRef,
    memo: z._default(memo, {}),
    /** What the deploy failed with. */
    error: z.optional(z.string()),
  }),
  /** Removes every generation of the service that nothing holds. */
  z.object({ mode: z.literal("leftovers"), execution: z.string(), release: releaseRef, memo: z._default(memo, {}) }),
  /** Marks, disables and deregisters the service's images that nothing needs. */
  z.object({ mode: z.literal("images"), execution: z.string(), release: releaseRef }),
  /** Replaces the instances of the service that somebody touched. */
  z.object({ mode: z.literal("touched"), execution: z.string(), release: releaseRef, memo: z._default(memo, {}) }),
  /** Says what a sweep would do, and does nothing but write down a touch that it was told of, and what is revoked. */
  z.object({
    mode: z.literal("survey"),
    service: z.optional(z.string()),
    touched: z.nullish(touch),
    /** Set by a sweep: heads learn which of their releases must not run. */
    heed: z.optional(z.boolean()),
  }),
  /** Proves that production can go back, and with an execution writes it down. */
  z.object({
    mode: z.literal("way-back"),
    service: z.optional(z.string()),
    execution: z.optional(z.string()),
  }),
]);
type Input = z.infer<typeof input>;

interface World extends ReapWorld, WayBackWorld, QuarantineWorld {
  imageRecords: ImageRecords;
  instances: Instances;
  sentCommands: SentCommands;
}

export interface Survey {
  /** `replace`: instances of it are to be replaced. */
  services: { service: string; replace: boolean }[];
  plan: PlannedWork[];
  /** What somebody else changed: the sweep raises the alarm and leaves it as it is. */
  differences: string[];
  /** Where the inventory cannot be right: the sweep raises the alarm and removes no image there. */
  distrusted: string[];
  /** Sweeps that are to come before the next one by schedule. */
  wakes: Wake[];
  /** Executions that take revoked releases away; the sweep starts them when it has given every lease back. */
  answers: (PlannedAnswer & { machine: "refresh" | "rollback" })[];
}

/** `waysBack`: by service, how production could go back now. */
type ReapOutput = StepOutput | Survey | { waysBack: ProvedWayBack[] };

/** Unit: milliseconds. Draining may take an hour; what is not gone half an hour after that is stuck. */
const reapPatienceMs = 5_400_000;

/**
 * Removes what nothing holds: a failed candidate, a standby whose time is over, what a dead execution left.
 *
 * Before: the generation gets no requests. After `ready`: nothing of it is left but, for a kept release, its image.
 * Repeatable: deleting what is gone succeeds.
 */
export async function reap(request: Input, world: World): Promise<ReapOutput> {
  if (request.mode === "way-back") {
    return { waysBack: await proveWaysBack(world, request.execution, request.service) };
  }
  if (request.mode === "survey") return surveyed(request, world);
  if (request.mode === "touched") return replaced(request, world);
  const { release, execution } = request;
  const guard = () => world.ledger.assertLease(release, execution);
  if (request.mode === "images") {
    await reapImages(release.service, guard, execution, world);
    return ready();
  }
  const targets =
    request.mode === "candidate"
      ? [release.generation]
      : leftovers(await world.ledger.head(release.service), world.now());
  const startedMs = Number(request.memo["startedMs"] ?? world.now());
  // Leftovers are old; a candidate may have been given something a moment ago.
  const firstLookMs = request.mode === "candidate" ? startedMs : 0;
  if (request.mode === "leftovers") {
    await leaveHeldTrials(release.service, guard, world);
    await endQuarantines(request, world);
  } else if (request.error === "ValidationFailedError" && request.memo["startedMs"] === undefined) {
    await quarantineOne(request, await world.ledger.frozen(release), world);
  }
  const going: string[] = [];
  const spared: string[] = [];
  let waitSeconds = 1;
  for (const generation of targets) {
    const fate = request.mode === "candidate" ? "remove" : "leave";
    const reaped = await reapGeneration(release.service, generation, firstLookMs, fate, guard, execution, world);
    if (reaped.state === "going") {
      going.push(generation);
      waitSeconds = Math.max(waitSeconds, reaped.waitSeconds);
    }
    if (reaped.state !== "serving") continue;
    if (request.mode === "candidate") throw serving(generation);
    // A leftover that serves belongs to a deploy that is still to move traffic away, or to somebody's own rule.
    spared.push(generation);
  }
  if (going.length === 0) return ready(spared.length > 0 ? { spared } : {});

  const goingForMs = world.now() - startedMs;
  if (goingForMs < reapPatienceMs) return pending(Math.max(waitSeconds, rarerLookSeconds(goingForMs)), { startedMs });
  throw new ReapStuckError(
    `${going.join(", ")} would not go away.`,
    "See what still uses it in the EC2 console, then sweep.",
  );
}

async function surveyed(request: Extract<Input, { mode: "survey" }>, world: World): Promise<Survey> {
  const plan = await survey(world, request.service, request.touched ?? undefined, request.heed);
  const servicesOf = (work: readonly PlannedWork[]) => new Set(work.map(({ service }) => service));
  const having = (wanted: PlannedWork["action"]) => plan.filter(({ action }) => action === wanted);
  const reasons = (wanted: PlannedWork["action"]) => having(wanted).map(({ reason }) => reason);
  const toReplace = servicesOf(having("replace"));
  const services = servicesOf(plan.filter(({ action }) => !onlyTold.includes(action)));
  return {
    plan,
    services: [...services].map((service) => ({ service, replace: toReplace.has(service) })),
    differences: reasons("report"),
    distrusted: reasons("distrust"),
    wakes: wakesFor(
      plan.flatMap(({ until }) => until ?? []),
      world.now(),
    ),
    answers: plan.flatMap(({ action, answer }) =>
      answer && (action === "refresh" || action === "rollback") ? [{ ...answer, machine: action }] : [],
    ),
  };
}

/** Lines of a plan for which no lease is taken. */
const onlyTold: readonly PlannedWork["action"][] = ["report", "note", "distrust", "wait", "refresh", "rollback"];

/** Unit: seconds between two looks at an instance that is being replaced: a launch takes a minute. */
const replacingSeconds = 15;

async function replaced(
  { release, execution, memo: remembered }: Extract<Input, { mode: "touched" }>,
  world: World,
): Promise<StepOutput> {
  const { service } = release;
  const guard = () => world.ledger.assertLease(release, execution);
  const waits = (await replaceTouched({ release, execution, guard }, world)).join("; ");
  if (waits === "") return ready();
  // Patience is with each step of it: a fleet of many takes many times as long.
  const sinceMs = remembered["waits"] === waits ? Number(remembered["sinceMs"]) : world.now();
  if (world.now() - sinceMs < reapPatienceMs) return pending(replacingSeconds, { sinceMs, waits });
  throw new ReapStuckError(
    `A touched instance of ${service} is still there: ${waits}.`,
    "See the scaling activities of its Auto Scaling group for why no other one came, then sweep.",
  );
}

function serving(generation: string): ReapStuckError {
  return new ReapStuckError(
    `${generation} serves production and is not reaped.`,
    "Move traffic away first (kiln rollback), then sweep.",
  );
}

export const step: Step<Input, World, ReapOutput> = {
  name: "reap",
  input,
  run: reap,
  world: (common, connect) => {
    const ec2 = clients.ec2(connect);
    const elb = clients.loadBalancing(connect);
    const documents = new Documents(clients.s3(connect), common.config.ledgerBucket);
    return {
      ...common,
      ledger: new Ledger(documents, common.releases),
      executions: new Executions(clients.stepFunctions(connect)),
      traffic: new Traffic(elb, common.config.stage),
      fleets: new Fleets(clients.autoScaling(connect)),
      targetGroups: new TargetGroups(elb),
      templates: new Templates(ec2),
      images: new Images(ec2),
      quarantine: new Quarantine(ec2),
      keys: new Keys(clients.kms(connect)),
      alerts: new Alerts(clients.cloudWatch(connect), common.config.stage),
      imageUsers: new ImageUsers(ec2),
      imageRecords: new ImageRecords(documents),
      snapshots: new Snapshots(clients.ebs(connect), ec2),
      instances: new Instances(ec2),
      sentCommands: new SentCommands(clients.ssm(connect)),
    };
  },
};

export const handler = lambdaHandler(step);
