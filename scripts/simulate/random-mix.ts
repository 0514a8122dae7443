import { Random } from "../../local/core/random.ts";
import { endStateProblems } from "./end-state.ts";
import { type FaultPlan, faultKinds, noFaults } from "./faults.ts";
import { NeverDark } from "./never-dark.ts";
import { openStage, type PreparedStage, type Service, type SimulatedStage, services } from "./simulated-stage.ts";

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
const events = { least: 3, most: 6 };
const longestPauseMs = 240_000;

/** The share of handlers' calls that go wrong. */
const faultShare = 0.03;

/** Keeps what people do apart from what the cloud draws. */
const seedStride = 0x2545f491;

/** Pushes, rollbacks, sweeps and stops over two services, overlapping, with random faults; all of it told by the seed. */
export async function runMix(seed: number, begin: PreparedStage): Promise<MixResult> {
  const random = new Random(seed * seedStride);
  const stage = await openStage(seed, begin);
  const { cloud } = stage;
  await cloud.until(() => false, 1);
  const watch = new NeverDark(cloud, ["web"]);
  cloud.afterEvent = () => watch.look();
  cloud.faults.arm(randomFaults(random));
  const problems: string[] = [];
  let struck = 0;
  try {
    const count = Math.floor(random.between(events.least, events.most + 1));
    for (let event = 0; event < count; event++) {
      await oneEvent(stage, random, event);
      await cloud.until(() => false, Math.floor(random.between(0, longestPauseMs)));
    }
    await stage.idle();
    struck = cloud.faults.struck.length;
    cloud.faults.arm(noFaults);
    await sweepClean(stage);
    problems.push(...(await endStateProblems(stage, services)));
  } catch (error) {
    problems.push(`L1 ends: ${error instanceof Error ? error.message : String(error)}`);
  }
  const deploys = stage.executions("deploy").length;
  return { seed, problems: [...problems, ...watch.problems], faults: struck, deploys, hash: cloud.hash() };
}

function randomFaults(random: Random): FaultPlan {
  return () => (random.next() < faultShare ? faultKinds[Math.floor(random.next() * faultKinds.length)] : undefined);
}

async function oneEvent(stage: SimulatedStage, random: Random, event: number): Promise<void> {
  const service: Service = random.next() < 0.7 ? "web" : "api";
  const drawn = random.next();
  if (drawn < 0.55) {
    const behaviour = random.next() < 0.7 ? "healthy" : random.next() < 0.5 ? "unhealthy" : "crashing";
    return stage.push(service, `${100 + event}-${behaviour}`);
  }
  if (drawn < 0.75) return void (await stage.begin("Rollback", { service }));
  if (drawn < 0.85) return void (await stage.begin("Sweep", {}));
  const running = stage.executions("").filter(({ status }) => status === "RUNNING");
  const chosen = running[Math.floor(random.next() * running.length)];
  if (chosen) await stage.stop(chosen.arn);
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
