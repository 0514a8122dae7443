import { Random } from "../../local/core/random.ts";
import { endStateProblems } from "./end-state.ts";
import { type FaultPlan, faultKinds, noFaults } from "./faults.ts";
import { Happenings } from "./happenings.ts";
import { NeverDark } from "./never-dark.ts";
import { watchPromises } from "./promises/watch.ts";
import { openStage, type PreparedStage, type SimulatedStage, services } from "./simulated-stage.ts";

/** What one seed did. */
export interface MixResult {
  seed: number;
  problems: string[];
  /** Faults that struck. */
  faults: number;
  /** Executions of deploy that ran. */
  deploys: number;
  hash: string;
}

/** Things that happen in one run, and how far apart at most. Unit: milliseconds of virtual time. */
const events = { least: 4, most: 8 };
const longestPauseMs = 240_000;

/** The share of handlers' calls that go wrong. */
const faultShare = 0.03;

/** Keeps what people do apart from what the cloud draws. */
const seedStride = 0x2545f491;

/**
 * Pushes, rollbacks, sweeps and stops over two services, overlapping, with random faults; all of it told by the seed.
 * @param see Sees the stage while its faults are still known.
 * @param happens What people do, or `otherwise` what they do in every mix.
 */
export async function runMix(
  seed: number,
  begin: PreparedStage,
  see: (stage: SimulatedStage) => void = () => {},
  happens: (stage: SimulatedStage, random: Random, otherwise: () => Promise<void>) => Promise<void> = (
    _stage,
    _random,
    otherwise,
  ) => otherwise(),
): Promise<MixResult> {
  const random = new Random(seed * seedStride);
  const stage = await openStage(seed, begin);
  const { cloud } = stage;
  await cloud.until(() => false, 1);
  const live = await liveServices(stage);
  const watch = new NeverDark(cloud, live);
  const promises = await watchPromises(stage, services);
  const happenings = new Happenings(stage, random);
  cloud.afterEvent = () => watch.look();
  cloud.faults.arm(randomFaults(random));
  const problems: string[] = [];
  let struck = 0;
  try {
    const count = Math.floor(random.between(events.least, events.most + 1));
    for (let event = 0; event < count; event++) {
      await happens(stage, random, () => happenings.next());
      await cloud.until(() => false, Math.floor(random.between(0, longestPauseMs)));
    }
    await stage.idle();
    struck = cloud.faults.struck.length;
    see(stage);
    cloud.faults.arm(noFaults);
    await sweepClean(stage);
    const experiments = await cloud.complete(stage.ledger.experiments());
    problems.push(...(await endStateProblems(stage, [...services, ...experiments])));
    problems.push(...(await promises.endProblems(services)));
    if (problems.length === 0) problems.push(...(await nextOnes(stage, promises.served("web").length > 0)));
  } catch (error) {
    problems.push(`L1 ends: ${error instanceof Error ? error.message : String(error)}`);
  }
  const deploys = stage.executions("deploy").length;
  return {
    seed,
    problems: [...problems, ...watch.problems, ...promises.problems],
    faults: struck,
    deploys,
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

function randomFaults(random: Random): FaultPlan {
  return () => (random.next() < faultShare ? faultKinds[Math.floor(random.next() * faultKinds.length)] : undefined);
}

/**
 * Once AWS does not fail any more, the next deploy is accepted, and goes back again.
 * @param hasServed Whether some release served before: else there is nothing to go back to.
 */
async function nextOnes(stage: SimulatedStage, hasServed: boolean): Promise<string[]> {
  const deploy = await stage.deploy("web", "999");
  if (stage.path(deploy.arn).at(-1) !== "Live") return [`L1 next deploy: ${deploy.error}: ${deploy.cause}`];
  if (!hasServed) return [];
  const back = await stage.run("Rollback", { service: "web" });
  return back.status === "SUCCEEDED" ? [] : [`L2 way back: ${back.error}: ${back.cause}`];
}

/** Sweeps without faults: the first may still find an interrupted sweep's lease, the last must have nothing to complain about. */
async function sweepClean(stage: SimulatedStage): Promise<void> {
  for (let sweep = 0; sweep < 2; sweep++) {
    await stage.settle();
    const { status, cause } = await stage.run("Sweep", {});
    if (status !== "SUCCEEDED" && sweep === 1) throw new Error(`the second sweep did not finish: ${cause}`);
    await stage.idle();
  }
  await stage.settle();
}
