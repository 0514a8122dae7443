import { Random } from "../../local/core/random.ts";
import { openStage, type PreparedStage, type Service, type SimulatedStage } from "./simulated-stage.ts";

/** The situation a scenario begins in. */
export type Situation =
  | "nothing"
  | "one release"
  | "live and standby"
  | "live and cold"
  | "two services"
  | "three services"
  | "four services"
  | "traffic moved";

/** One thing that happens to one service, without faults of AWS. */
export interface Scenario {
  name: string;
  begins: Situation;
  /** Does it, and runs until the execution it is about has ended. @returns That execution. */
  act: (stage: SimulatedStage) => Promise<string>;
  /** The state in which the execution ends when AWS does not fail; undefined where that is not the point. */
  end: string | undefined;
  /** The version that serves afterwards; undefined likewise. */
  serves: string | undefined;
}

export const scenarios: readonly Scenario[] = [
  {
    name: "first-deploy",
    begins: "nothing",
    act: async (stage) => (await stage.deploy("web", "1")).arn,
    end: "Live",
    serves: "1",
  },
  {
    name: "deploy",
    begins: "live and standby",
    act: async (stage) => (await stage.deploy("web", "3")).arn,
    end: "Live",
    serves: "3",
  },
  {
    name: "failing-deploy",
    begins: "one release",
    act: async (stage) => (await stage.deploy("web", "2-unhealthy")).arn,
    end: "FailedClean",
    serves: "1",
  },
  {
    name: "hot-rollback",
    begins: "live and standby",
    act: async (stage) => (await stage.run("Rollback", { service: "web" })).arn,
    end: "RolledBack",
    serves: "1",
  },
  {
    name: "cold-rollback",
    begins: "live and cold",
    act: async (stage) => (await stage.run("Rollback", { service: "web" })).arn,
    end: "RolledBack",
    serves: "1",
  },
  {
    name: "drill",
    begins: "live and standby",
    act: async (stage) => (await stage.run("Rollback", { service: "web", drill: { percent: 5 } })).arn,
    end: "Drilled",
    serves: "2",
  },
  {
    name: "canary-deploy",
    begins: "one release",
    act: async (stage) => {
      await stage.apply("web", { deploy: { strategy: "canary", steps: [10, 50], intervalSeconds: 30 } });
      return (await stage.deploy("web", "2")).arn;
    },
    end: "Live",
    serves: "2",
  },
  {
    name: "interrupted-deploy",
    begins: "one release",
    act: interrupt,
    end: "Swept",
    serves: "1",
  },
  {
    name: "sweep",
    begins: "traffic moved",
    act: stopDeploy,
    end: "Swept",
    serves: "1",
  },
];

/** Stops a deploy right after it moved traffic, and waits for the sweep that the stop starts by itself. */
async function interrupt(stage: SimulatedStage): Promise<string> {
  await moveTraffic(stage);
  return stopDeploy(stage);
}

/** Pushes a release, and runs until the deploy has moved traffic to it and observes. */
async function moveTraffic(stage: SimulatedStage): Promise<void> {
  await stage.push("web", "2");
  const hasMoved = () => {
    const deploy = runningDeploy(stage);
    return deploy !== undefined && stage.stateOf(deploy) === "WaitWhileObserving";
  };
  await stage.cloud.until(hasMoved, 3_600_000);
}

function runningDeploy(stage: SimulatedStage): string | undefined {
  return stage.executions("deploy").find(({ status }) => status === "RUNNING")?.arn;
}

async function stopDeploy(stage: SimulatedStage): Promise<string> {
  const deploy = runningDeploy(stage);
  // A fault may have ended it before.
  if (deploy !== undefined) await stage.stop(deploy);
  let sweep: string | undefined;
  await stage.ended(() => {
    sweep ??= stage.executions("sweep").at(-1)?.arn;
    return sweep;
  });
  return sweep ?? "";
}

/** What mixes begin in, each with the share of those that do: mostly in the middle of a stage's life. */
const shares = [
  ["nothing", 0.15],
  ["one release", 0.15],
  ["live and cold", 0.1],
  ["two services", 0.3],
  ["three services", 0.15],
  ["four services", 0.15],
] as const satisfies readonly (readonly [Situation, number])[];

/** Those in which a plan of a mix may begin. */
export const situationsOfMixes = [...shares.map(([situation]) => situation), "live and standby"] as const;

/** In what a seed's mix begins. */
export function situationOf(seed: number): Situation {
  let drawn = new Random(seed * situationStride).next();
  for (const [situation, share] of shares) {
    if (drawn < share) return situation;
    drawn -= share;
  }
  return "two services";
}

/** Unit: milliseconds. A little more than a standby fleet is kept hot when its spec does not say. */
const hotWindowMs = 61 * 60_000;

/** Keeps the choice apart from what happens then. */
const situationStride = 0x27d4eb2f;

/** Brings a prepared stage into each situation, once for all simulations that begin there. */
export async function situations(prepared: PreparedStage): Promise<Record<Situation, PreparedStage>> {
  const stage = await openStage(0, prepared);
  await stage.deploy("web", "1");
  await stage.settle();
  const one = stage.snapshot();
  await stage.deploy("web", "2");
  await stage.settle();
  const two = stage.snapshot();
  await stage.deploy("api", "1");
  await stage.settle();
  const services = stage.snapshot();
  const three = await withService(services, "shop");
  return {
    nothing: prepared,
    "one release": one,
    "live and standby": two,
    "live and cold": await cooled(two),
    "two services": services,
    "three services": three,
    "four services": await withService(three, "post"),
    "traffic moved": await observing(one),
  };
}

/** The same with one more service that serves. */
async function withService(from: PreparedStage, service: Service): Promise<PreparedStage> {
  const stage = await openStage(0, from);
  await stage.cloud.until(() => false, 1);
  await stage.apply(service);
  await stage.deploy(service, "1");
  await stage.settle();
  return stage.snapshot();
}

/** The same after the hot window, with the image of the release before kept and its fleet gone. */
async function cooled(from: PreparedStage): Promise<PreparedStage> {
  const stage = await openStage(0, from);
  await stage.cloud.until(() => false, hotWindowMs);
  await stage.run("Sweep", {});
  await stage.settle();
  return stage.snapshot();
}

/** The moment in which a deploy has moved traffic and observes. */
async function observing(from: PreparedStage): Promise<PreparedStage> {
  const stage = await openStage(0, from);
  await moveTraffic(stage);
  return stage.snapshot();
}
