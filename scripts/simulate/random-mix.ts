import { imageName } from "../../shared/domain/names.ts";
import { imageOwner } from "../../shared/domain/release.ts";
import { secondLookSeconds } from "../../shared/domain/second-look.ts";
import { budgetProblems } from "./budgets.ts";
import { perform } from "./deeds.ts";
import { putRight } from "./deeds-of-operators.ts";
import { Edits } from "./edits/edits.ts";
import { endStateProblems } from "./end-state.ts";
import { drawnFaults, noFaults, placedFaults } from "./faults.ts";
import { type DrawDeed, drawPlan, type MixPlan, type PlacedFault } from "./mix-plan.ts";
import { NeverDark } from "./never-dark.ts";
import { revocationProblems } from "./promises/revoked.ts";
import { watchPromises } from "./promises/watch.ts";
import { openStage, type PreparedStage, type SimulatedStage, services, stageName } from "./simulated-stage.ts";
import { Spells } from "./spells.ts";
import type { Timeline } from "./timeline.ts";

/** What one seed did. */
export interface MixResult {
  seed: number;
  problems: string[];
  /** Faults that struck. */
  faults: number;
  /** Executions of deploy that ran. */
  deploys: number;
  /** The same run, with the faults that struck by their places. */
  plan: MixPlan;
  hash: string;
}

/** Unit: milliseconds. Within this the event of the last upload comes, a late one as well. */
const lastEventMs = 65_000;

/** The share of handlers' calls that go wrong. */
const faultShare = 0.03;

/**
 * Pushes, rollbacks, sweeps and stops over two services, overlapping, with random faults; all of it told by the seed.
 * @param see Sees the stage while its faults are still known.
 * @param draw What people do, or `otherwise` what they do in every mix.
 */
export function runMix(
  seed: number,
  begin: PreparedStage,
  see: (stage: SimulatedStage) => void = () => {},
  draw?: DrawDeed,
): Promise<MixResult> {
  return runMixPlan(drawPlan(seed, draw), begin, { see });
}

/**
 * Runs a mix as its plan says.
 * @param watch.follow Sees the stage before anything happens.
 * @param watch.see Sees the stage while its faults are still known.
 * @param watch.timeline Writes down what happens.
 */
export async function runMixPlan(
  plan: MixPlan,
  begin: PreparedStage,
  {
    follow,
    see = () => {},
    timeline,
  }: {
    follow?: (stage: SimulatedStage) => Promise<void>;
    see?: (stage: SimulatedStage) => void;
    timeline?: Timeline;
  } = {},
): Promise<MixResult> {
  const { seed, happenings } = plan;
  const stage = await openStage(seed, begin);
  const { cloud } = stage;
  await cloud.until(() => false, 1);
  timeline?.begin(cloud);
  const live = await liveServices(stage);
  const watch = new NeverDark(cloud, live);
  const promises = await watchPromises(stage, services);
  await follow?.(stage);
  cloud.afterEvent = () => watch.look();
  cloud.faults.arm(plan.faults === "drawn" ? drawnFaults(seed, faultShare) : placedFaults(plan.faults));
  const problems: string[] = [];
  let struck: PlacedFault[] = [];
  const weather = { spells: new Spells(stage), edits: new Edits(stage) };
  const beganMs = cloud.clock.now();
  try {
    for (const { atSeconds, ...deed } of happenings) {
      await cloud.until(() => false, Math.max(0, beganMs + atSeconds * 1000 - cloud.clock.now()));
      timeline?.did(deed);
      await perform(stage, weather, deed);
    }
    await cloud.until(() => false, lastEventMs);
    await stage.idle();
    struck = cloud.faults.struck.map(({ call, kind }) => ({ at: call.place, kind }));
    problems.push(...budgetProblems(stage));
    see(stage);
    cloud.faults.arm(noFaults);
    await weather.spells.lift();
    await weather.edits.repair(seed % 2 === 0);
    await sweepClean(stage);
    problems.push(...(await revocationProblems(stage)));
    const experiments = await cloud.complete(stage.ledger.experiments());
    problems.push(...(await endStateProblems(stage, [...services, ...experiments])));
    problems.push(...(await promises.endProblems(services)));
    await putRight(stage, "web");
    if (problems.length === 0) problems.push(...(await nextOnes(stage, promises.served("web").length > 0)));
  } catch (error) {
    problems.push(`L1 ends: ${error instanceof Error ? error.message : String(error)}`);
    struck = struck.length > 0 ? struck : cloud.faults.struck.map(({ call, kind }) => ({ at: call.place, kind }));
  }
  const all = [...problems, ...watch.problems, ...promises.problems, ...cloud.handlerVersions.problems];
  for (const problem of all) timeline?.broken(problem);
  return {
    seed,
    problems: all,
    faults: struck.length,
    deploys: stage.executions("deploy").length,
    plan: { ...plan, faults: struck },
    hash: cloud.hash(),
  };
}

async function liveServices(stage: SimulatedStage): Promise<string[]> {
  const live: string[] = [];
  for (const service of services) {
    if ((await stage.cloud.complete(stage.ledger.head(service))).live) live.push(service);
  }
  return live;
}

/**
 * Once AWS does not fail any more, the next deploy is accepted, and goes back again.
 * @param hasServed Whether some release served before: else there is nothing to go back to.
 */
async function nextOnes(stage: SimulatedStage, hasServed: boolean): Promise<string[]> {
  const deploy = await stage.deploy("web", "999");
  if (stage.path(deploy.arn).at(-1) !== "Live") return [`L1 next deploy: ${deploy.error}: ${deploy.cause}`];
  if (!hasServed || (await isTakenByHand(stage, "web"))) return [];
  const back = await stage.run("Rollback", { service: "web" });
  return back.status === "SUCCEEDED" ? [] : [`L2 way back: ${back.error}: ${back.cause}`];
}

/** Whether a person took away the image that a service would go back to: where its fleet has to grow, it cannot. */
async function isTakenByHand({ cloud, ledger }: SimulatedStage, service: string): Promise<boolean> {
  const { standby } = await cloud.complete(ledger.head(service));
  const release = standby && (await cloud.complete(ledger.release(service, standby.generation)));
  return !!release && cloud.byHand.images.has(imageName(stageName, imageOwner(release), release.imageDigest));
}

/** Sweeps without faults: the first may still find an interrupted sweep's lease, the last must have nothing to complain about. */
async function sweepClean(stage: SimulatedStage): Promise<void> {
  // Hourly sweeps come long after reads have caught up, and what failed is due to be looked for again.
  await stage.cloud.until(() => false, secondLookSeconds * 1000);
  for (let sweep = 0; sweep < 2; sweep++) {
    await stage.settle();
    const { status, cause } = await stage.run("Sweep", {});
    if (status !== "SUCCEEDED" && sweep === 1) throw new Error(`the second sweep did not finish: ${cause}`);
    await stage.idle();
  }
  await stage.settle();
}
