import type { GroupDocument } from "../../local/auto-scaling/documents.ts";
import type { Random } from "../../local/core/random.ts";
import { fleetName } from "../../shared/domain/names.ts";
import { drawOperatorDeed, type OperatorDeed, performOperator } from "./deeds-of-operators.ts";
import { type EditKind, type Edits, editKinds } from "./edits/edits.ts";
import { drawExperimentDeed } from "./experiment-deeds.ts";
import { type Service, type SimulatedStage, stageName } from "./simulated-stage.ts";
import { type SpellKind, type Spells, spellKinds } from "./spells.ts";
import { upgrade } from "./upgrade.ts";
import { victim } from "./victims.ts";
import type { World } from "./worlds.ts";

/** Chooses among what there is when the deed is done, from 0 to 1: the list is not known when the deed is drawn. */
type Which = number;

/** One thing that people or the world do to a stage; nothing in it is left to chance. */
export type Deed =
  | { do: "push"; service: Service; version: string }
  | { do: "push-experiment"; service: Service; name: string; build: string }
  | { do: "end-experiment"; service: Service; name: string }
  | { do: "begin"; machine: "Deploy" | "Rollback" | "Refresh" | "Sweep"; input: object }
  /** S3 promises to tell of an upload at least once. */
  | { do: "deliver-again"; which: Which }
  /** More visitors: live wants one instance more, as its own scaling policy would. */
  | { do: "grow"; service: Service }
  /** Fewer visitors: live wants no more than its least, as its own scaling policy would. */
  | { do: "shrink"; service: Service }
  /** An instance is lost, as its host is. */
  | { do: "lose-instance"; which: Which }
  /** Other bytes are uploaded under a key that was uploaded before. */
  | { do: "overwrite"; service: Service; version: string; build: string }
  /** Something is wrong with the world for a while. */
  | { do: "spell"; what: SpellKind; seconds: number; which: Which }
  /** A new version of Kiln is put in force: new versions of its handlers, and machines that name them. */
  | { do: "upgrade" }
  /** A person, or somebody's Terraform, edits what is Kiln's; `ways`: which thing, and how. */
  | { do: "edit"; what: EditKind; service: Service; seconds: number; ways: [Which, Which] }
  /** A person stops an execution in the console. `whileSlow`: most likely one that hangs in a call. */
  | { do: "stop"; which: Which; whileSlow: boolean }
  | OperatorDeed;

/** What goes on for a while in one run. */
export interface Weather {
  spells: Spells;
  edits: Edits;
}

/** An artifact that was pushed before. */
export interface Pushed {
  service: Service;
  version: string;
}

/** The share of what happens in a mix that is the world's doing. */
const mishapShare = 0.25;

/** Long enough to hit a deploy, and short enough that most of them outlive it. */
const spellSeconds = { least: 30, most: 300 };

/** An alarm that says nothing is borne for five minutes after its release was observed. */
const silenceMaxSeconds = 900;

/** From the next plan of somebody's Terraform to a person who looks after lunch; most deploys take three minutes. */
const editSeconds = { least: 30, most: 1500 };

/** The share of the others that is an upgrade of Kiln. */
const upgradeShare = 0.06;

/** The share of mishaps that are somebody's hand. */
const editShare = 0.3;

/** Unit: milliseconds. So long a person waits at most for an execution that hangs in a call. */
const slowCallLimitMs = 120_000;

/**
 * Draws what happens in every mix.
 * @param number Of this deed in its mix, from 1: versions are named by it.
 * @param pushed What was pushed until now; a push is added.
 * @param world What this mix is about.
 */
export function drawDeed(random: Random, number: number, pushed: Pushed[], world: World): Deed {
  if (random.next() < mishapShare) return drawMishap(random, number, pushed, world);
  // One service is busier than the others, so that what is done to it meets.
  const service = random.next() < world.busyShare ? "web" : (chosen(world.services, random.next()) ?? "web");
  const kindOfDeed = random.next();
  if (kindOfDeed < world.operatorShare) return drawOperatorDeed(random, service);
  if (kindOfDeed < world.operatorShare + world.experimentShare) return drawExperimentDeed(random, service);
  const drawn = random.next();
  if (drawn < 0.42) {
    const behaviour = random.next() < 0.7 ? "healthy" : random.next() < 0.5 ? "unhealthy" : "crashing";
    const version = `${100 + number}-${behaviour}`;
    pushed.push({ service, version });
    return { do: "push", service, version };
  }
  // A person asks for a version that was deployed before: its image is there already.
  if (drawn < 0.49) {
    const input = chosen(pushed, random.next()) ?? { service, version: "1" };
    return { do: "begin", machine: "Deploy", input };
  }
  if (drawn < 0.55) return { do: "deliver-again", which: random.next() };
  if (drawn < 0.67) return { do: "begin", machine: "Rollback", input: { service } };
  if (drawn < 0.7) return { do: "begin", machine: "Rollback", input: { service, drill: { percent: 10 } } };
  if (drawn < 0.76) return { do: "begin", machine: "Sweep", input: {} };
  if (drawn < 0.79) return { do: "begin", machine: "Refresh", input: refreshOf(service, random.next()) };
  if (drawn < 0.85) return { do: "grow", service };
  if (drawn < 0.9) return { do: "shrink", service };
  return { do: "stop", which: random.next(), whileSlow: random.next() < 0.7 };
}

/** All that is stale at once, or one service for a reason of a person's own. */
function refreshOf(service: Service, drawn: number): object {
  return drawn < 0.6 ? { now: true } : { service, now: true, ...(drawn < 0.8 && { reason: "a new driver" }) };
}

/** Draws something that neither Kiln nor the people who use it do. */
function drawMishap(random: Random, number: number, pushed: readonly Pushed[], world: World): Deed {
  if (random.next() < editShare) return drawEdit(random, world);
  if (random.next() < upgradeShare) return { do: "upgrade" };
  const drawn = random.next();
  if (drawn < 0.3) return { do: "lose-instance", which: random.next() };
  const before = chosen(pushed, random.next());
  if (drawn < 0.4 && before) return { do: "overwrite", ...before, build: String(number) };
  const what = chosen(spellKinds, random.next()) ?? "no-capacity";
  const most = what === "silent-alarm" ? silenceMaxSeconds : spellSeconds.most;
  const seconds = Math.floor(random.between(spellSeconds.least, most));
  return { do: "spell", what, seconds, which: random.next() };
}

function drawEdit(random: Random, { services, busyShare }: World): Deed {
  const service = random.next() < busyShare ? "web" : (chosen(services, random.next()) ?? "web");
  const what = chosen(editKinds, random.next()) ?? "rule-weights";
  const seconds = Math.floor(random.between(editSeconds.least, editSeconds.most));
  return { do: "edit", what, service, seconds, ways: [random.next(), random.next()] };
}

/** Does it, whatever else is under way. */
export async function perform(stage: SimulatedStage, { spells, edits }: Weather, deed: Deed): Promise<void> {
  switch (deed.do) {
    case "push":
      return stage.push(deed.service, deed.version);
    case "push-experiment":
      return stage.pushExperiment(deed.service, deed.name, deed.build);
    case "end-experiment":
      return stage.endExperiment(deed.service, deed.name);
    case "begin":
      return void (await stage.begin(deed.machine, deed.input));
    case "deliver-again":
      return deliverAgain(stage, deed.which);
    case "grow":
      return resize(stage, deed.service, ({ desired, maxSize }) => Math.min(desired + 1, maxSize));
    case "shrink":
      return resize(stage, deed.service, ({ minSize }) => minSize);
    case "lose-instance":
      return loseInstance(stage, deed.which);
    case "overwrite":
      return stage.push(deed.service, deed.version, deed.build);
    case "spell":
      return spells.begin(deed.what, deed.seconds, deed.which);
    case "edit":
      return edits.make(deed.what, deed.service, deed.seconds, deed.ways);
    case "upgrade":
      return upgrade(stage);
    case "stop":
      return stop(stage, deed.which, deed.whileSlow);
    default:
      return performOperator(stage, deed);
  }
}

async function deliverAgain(stage: SimulatedStage, which: Which): Promise<void> {
  const events = stage.executions("deploy").filter(({ input }) => input.includes("Object Created"));
  // Most often of one that was stopped: then the event is taken up again, and may have become old.
  const stopped = events.filter(({ status }) => status === "ABORTED");
  const event = chosen(stopped.length > 0 ? stopped : events, which);
  if (event) await stage.begin("Deploy", JSON.parse(event.input));
}

async function resize(
  stage: SimulatedStage,
  service: Service,
  to: (fleet: Readonly<GroupDocument>) => number,
): Promise<void> {
  const { live } = await stage.cloud.complete(stage.ledger.head(service));
  const fleets = stage.cloud.kernel.store.collection<GroupDocument>("autoscaling.groups");
  const fleet = live && fleets.get(fleetName(stageName, live.generation));
  if (!fleet || fleet.deleting || fleet.desired === to(fleet)) return;
  await stage.cloud.call("autoscaling", "SetDesiredCapacity", {
    AutoScalingGroupName: fleet.name,
    DesiredCapacity: to(fleet),
  });
}

async function loseInstance({ cloud }: SimulatedStage, which: Which): Promise<void> {
  const lost = victim(cloud, which);
  if (lost === undefined) return;
  cloud.harmed.add(lost);
  await cloud.call("ec2", "TerminateInstances", { InstanceIds: [lost] });
}

async function stop(stage: SimulatedStage, which: Which, whileSlow: boolean): Promise<void> {
  const { cloud } = stage;
  if (whileSlow) await cloud.until(() => cloud.faults.slowed.size > 0, slowCallLimitMs);
  const [slowed] = cloud.faults.slowed;
  if (slowed && stage.execution(slowed)?.status === "RUNNING") return stage.stop(slowed);
  const running = chosen(
    stage.executions("").filter(({ status }) => status === "RUNNING"),
    which,
  );
  if (running) await stage.stop(running.arn);
}

function chosen<T>(among: readonly T[], which: Which): T | undefined {
  return among[Math.floor(which * among.length)];
}
