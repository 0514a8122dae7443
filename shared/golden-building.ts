import type { Builders } from "./aws/builders.ts";
import { failedImage, type Images, isUsableBase } from "./aws/images.ts";
import type { Instances } from "./aws/instances.ts";
import type { Recipes } from "./aws/recipes.ts";
import type { CommandEnd, RunCommand } from "./aws/run-command.ts";
import {
  type BuildInstance,
  type BuildPlace,
  failedBuild,
  freshBuild,
  type GoldenBuild,
  type GoldenOrder,
  isAbandoned,
  isOver,
} from "./domain/golden-build.ts";
import { builderProfileName, clientToken, goldenName, ownedBaseName, tagKeys } from "./domain/names.ts";
import type { Recipe } from "./domain/recipe.ts";
import { checkScript, installScript, packagesIn } from "./domain/recipe-script.ts";
import { GoldenBuildFailedError } from "./errors.ts";
import type { BaseWorld } from "./step.ts";
import { pending, ready, type StepOutput } from "./step-input.ts";

/** What building golden images works with. */
export interface GoldenWorld extends BaseWorld {
  recipes: Recipes;
  images: Images;
  instances: Instances;
  builders: Builders;
  commands: RunCommand;
}

/** Unit: seconds between two looks at an instance or a command. Each is an invocation. */
const lookSeconds = 15;
/** Unit: seconds between two looks at what should be over at any moment. */
const soonSeconds = 5;
/** Unit: milliseconds from the launch until the agent must have registered. It takes a minute or two. */
const agentPatienceMs = 10 * 60_000;
/** Unit: milliseconds. A handler's time-out is 30 s: after this nobody is still about to send a command. */
const sendingMs = 60_000;
/** Unit: characters of what a command printed, kept as evidence. */
const keptOutput = 2_000;

/** What became of one step of a build: it is done, or it is worth another look, or the build failed. */
type Step<T> = { done: T } | { waitSeconds: number } | { failure: string };

/**
 * Builds a golden image and tries it on a throw-away instance.
 *
 * Before: the owned copy of its parent is available. After `ready`: an image of the recipe that passed its checks is
 * available, and builder, throw-away instance and security group are gone.
 * Repeatable, also by several executions at once: instances have client tokens, the image a name, and who sends a command
 * writes that down first.
 * @throws {GoldenBuildFailedError} when a step failed; then nothing of the attempt is left.
 */
export async function buildGolden(
  order: GoldenOrder,
  place: BuildPlace,
  memo: Record<string, unknown>,
  world: GoldenWorld,
): Promise<StepOutput> {
  if (await isBeingEnabled(order.digest, world)) return pending(soonSeconds, memo);
  const build = await begin(order, place, memo["attempt"], world);
  const remembered = { attempt: build.attempt };
  if (build.phase === "ready") return ready();
  if (build.phase === "failed") throw buildFailed(build);
  if (build.phase === "cleaning") return pending((await cleanUp(build, world)) ? 1 : soonSeconds, remembered);
  const step = await advance(build, order.recipe, world);
  if (!("failure" in step)) return pending("done" in step ? 1 : step.waitSeconds, remembered);
  await change(build, world, (present) => failedBuild(present, step.failure.split(":")[0] ?? "", step.failure));
  return pending(1, remembered);
}

/** Cleans up after builds that nobody works on any more. @returns Names of recipes that something is left of. */
export async function sweepGolden(world: GoldenWorld): Promise<string[]> {
  const left: string[] = [];
  for (const build of await world.recipes.builds()) {
    if (isOver(build)) continue;
    const taken = isAbandoned(build, world.now()) ? await takeOver(build, world) : build;
    if (taken.phase !== "cleaning") continue;
    if (!(await cleanUp(taken, world))) left.push(build.recipe);
  }
  return left;
}

/** The attempt that is under way, or a new one unless this execution has seen it fail. */
async function begin(
  order: GoldenOrder,
  place: BuildPlace,
  seenAttempt: unknown,
  world: GoldenWorld,
): Promise<GoldenBuild> {
  const now = new Date(world.now()).toISOString();
  const present = await world.recipes.build(order.digest);
  // Only a build that was ready when its image was looked for can have lost it since.
  const isGone = present?.phase === "ready" && !(await isUsable(order.digest, world));
  const after = await world.recipes.updateBuild(order.digest, (stored) => {
    if (!stored) return freshBuild(order, place, stored, now);
    if (stored.phase === "ready") return isGone ? freshBuild(order, place, stored, now) : stored;
    if (stored.phase === "failed")
      return stored.attempt === seenAttempt ? stored : freshBuild(order, place, stored, now);
    return isFresh(stored, world.now()) ? stored : { ...stored, touchedAt: now };
  });
  return after;
}

/** Unit: milliseconds. A sign of life each minute is enough for a build that counts as abandoned after ten. */
const signOfLifeMs = 60_000;

function isFresh({ touchedAt }: GoldenBuild, nowMs: number): boolean {
  return nowMs - Date.parse(touchedAt) < signOfLifeMs;
}

/** An image that the sweep disabled because nothing needed it is enabled again instead of being built a second time. */
async function isBeingEnabled(digest: string, { images, config }: GoldenWorld): Promise<boolean> {
  const { state, image } = await images.find(goldenName(config.stage, digest));
  if (state !== "disabled" || !image?.ImageId) return false;
  await images.enable(image.ImageId);
  return true;
}

async function isUsable(digest: string, { images, config }: GoldenWorld): Promise<boolean> {
  return isUsableBase(await images.find(goldenName(config.stage, digest)));
}

async function takeOver(build: GoldenBuild, world: GoldenWorld): Promise<GoldenBuild> {
  const now = new Date(world.now()).toISOString();
  return world.recipes.updateBuild(build.digest, (stored) =>
    stored && isAbandoned(stored, world.now())
      ? { ...failedBuild(stored, "interrupted", "interrupted: whoever built it has ended"), touchedAt: now }
      : (stored ?? build),
  );
}

/** Changes the record unless a later attempt has taken its place. */
async function change(
  build: GoldenBuild,
  world: GoldenWorld,
  next: (present: GoldenBuild) => GoldenBuild,
): Promise<GoldenBuild> {
  return world.recipes.updateBuild(build.digest, (stored) =>
    stored?.attempt === build.attempt ? next(stored) : (stored ?? build),
  );
}

/** One step forward: builder, command, image, then the throw-away instance and its checks. */
async function advance(build: GoldenBuild, recipe: Recipe, world: GoldenWorld): Promise<Step<unknown>> {
  if (build.phase === "testing") return test(build, recipe, world);
  if (build.installed === undefined) {
    const { image } = await world.images.find(ownedBaseName(world.config.stage, build.parentImageId));
    const script = installScript(recipe);
    const ran = await runOn("builder", build, image?.ImageId ?? "", script, recipe, world);
    if (!("done" in ran)) return ran;
    const packages = packagesIn(ran.done.stdout);
    await change(build, world, (present) => ({ ...present, packages, installed: tailOf(ran.done.stdout) }));
    return ran;
  }
  return makeImage(build, world);
}

async function makeImage(build: GoldenBuild, world: GoldenWorld): Promise<Step<unknown>> {
  const { stage } = world.config;
  const name = goldenName(stage, build.digest);
  const found = await world.images.find(name);
  if (found.state === "failed" && found.image) return { failure: `CreateImage: ${failedImage(found.image).message}` };
  if (found.state === "absent" && build.imageId === undefined) {
    const imageId = await world.builders.createImage(build.builder?.instanceId ?? "", name, {
      [tagKeys.stage]: stage,
      [tagKeys.role]: "base-trial",
    });
    if (imageId !== undefined) await change(build, world, (present) => ({ ...present, imageId }));
    return { waitSeconds: lookSeconds };
  }
  if (found.state !== "available") return { waitSeconds: lookSeconds };
  const imageId = found.image?.ImageId ?? "";
  await change(build, world, (present) => ({ ...present, imageId, phase: "testing" }));
  return { done: imageId };
}

async function test(build: GoldenBuild, recipe: Recipe, world: GoldenWorld): Promise<Step<unknown>> {
  const ran = await runOn("tester", build, build.imageId ?? "", checkScript(recipe), recipe, world);
  if (!("done" in ran)) return ran;
  const checked = tailOf(ran.done.stdout);
  await change(build, world, (present) => ({ ...present, checked, phase: "cleaning" }));
  return ran;
}

type Role = "builder" | "tester";

/** Launches one of the two instances, waits for its agent, and runs a script on it, once. */
async function runOn(
  role: Role,
  build: GoldenBuild,
  imageId: string,
  script: string,
  recipe: Recipe,
  world: GoldenWorld,
): Promise<Step<CommandEnd>> {
  const instance = build[role] ?? (await launch(role, build, imageId, recipe, world));
  if (!instance) return { waitSeconds: soonSeconds };
  const { instanceId } = instance;
  const state = await world.builders.state(instanceId);
  if (state !== undefined && state !== "pending" && state !== "running") return { failure: `${role}: it is ${state}` };
  if (instance.commandId !== undefined) {
    const end = await world.commands.end(instance.commandId, instanceId);
    if (!end) return { waitSeconds: lookSeconds };
    return end.succeeded ? { done: end } : { failure: `${role}: ${end.status}: ${tailOf(end.stderr || end.stdout)}` };
  }
  if (state !== "running" || !(await world.commands.isReachable(instanceId))) {
    const late = world.now() - Date.parse(instance.launchedAt) > agentPatienceMs;
    if (!late) return { waitSeconds: lookSeconds };
    return {
      failure: `${role}: its SSM agent was not heard of; the parent must ship it, and ${build.subnetId} have a way to Systems Manager`,
    };
  }
  return send(role, build, instance, script, recipe, world);
}

async function launch(
  role: Role,
  build: GoldenBuild,
  imageId: string,
  recipe: Recipe,
  world: GoldenWorld,
): Promise<BuildInstance | undefined> {
  const { stage } = world.config;
  const tags = { [tagKeys.stage]: stage, [tagKeys.role]: "builder", [tagKeys.golden]: build.digest };
  const securityGroupId = await world.builders.ensureGroup(groupName(stage, build), build.vpcId, tags);
  if (securityGroupId === undefined) return undefined;
  const instanceId = await world.builders.launch({
    imageId,
    instanceType: recipe.instanceType,
    subnetId: build.subnetId,
    securityGroupId,
    instanceProfile: builderProfileName(stage),
    token: clientToken(`${role}${build.attempt}`, build.digest),
    tags,
  });
  if (instanceId === undefined) return undefined;
  const instance = { instanceId, launchedAt: new Date(world.now()).toISOString() };
  const after = await change(build, world, (present) => ({ ...present, [role]: present[role] ?? instance }));
  return after[role] ?? instance;
}

/**
 * Sends the script, once. Whoever writes down that it is about to send it may send it; a command whose sender died is
 * looked for, and sent again only when there is none and nobody can be about to send it.
 */
async function send(
  role: Role,
  build: GoldenBuild,
  { instanceId, askedAt }: BuildInstance,
  script: string,
  recipe: Recipe,
  world: GoldenWorld,
): Promise<Step<CommandEnd>> {
  const again = { waitSeconds: soonSeconds };
  const sent = askedAt === undefined ? undefined : await world.commands.sentTo(instanceId);
  if (sent !== undefined) {
    await change(build, world, (present) => withCommand(present, role, { commandId: sent }));
    return again;
  }
  if (askedAt !== undefined && world.now() - Date.parse(askedAt) < sendingMs) return again;
  const mine = new Date(world.now()).toISOString();
  const after = await change(build, world, (present) =>
    present[role]?.askedAt === askedAt ? withCommand(present, role, { askedAt: mine }) : present,
  );
  if (after[role]?.askedAt !== mine) return again;
  const commandId = await world.commands.send({
    instanceId,
    script,
    timeoutSeconds: recipe.timeoutSeconds,
    comment: `Kiln ${world.config.stage}: ${role} of ${build.recipe}`,
  });
  if (commandId !== undefined) await change(build, world, (present) => withCommand(present, role, { commandId }));
  return again;
}

function withCommand(build: GoldenBuild, role: Role, part: Partial<BuildInstance>): GoldenBuild {
  const instance = build[role];
  return instance ? { ...build, [role]: { ...instance, ...part } } : build;
}

/**
 * Ends a build: an image that passed becomes a base; what failed is removed, and the instances and their group always.
 * @returns Whether nothing is left to do.
 */
async function cleanUp(build: GoldenBuild, world: GoldenWorld): Promise<boolean> {
  const { stage } = world.config;
  const found = await world.images.find(goldenName(stage, build.digest));
  const { image } = found;
  if (build.failure) {
    if (image?.ImageId) await world.images.deregister(image.ImageId);
  } else if (image?.ImageId && !isUsableBase(found)) {
    const snapshots = (image.BlockDeviceMappings ?? []).flatMap(({ Ebs }) => Ebs?.SnapshotId ?? []);
    await world.builders.tag([image.ImageId, ...snapshots], { [tagKeys.role]: "base" });
  }
  const tagged = await world.instances.tagged({ [tagKeys.golden]: build.digest, [tagKeys.stage]: stage });
  const known = [build.builder, build.tester].flatMap((one) => one?.instanceId ?? []);
  for (const instanceId of new Set([...tagged, ...known])) {
    const state = await world.builders.state(instanceId);
    if (state === "pending" || state === "running" || state === "stopping" || state === "stopped") {
      await world.builders.terminate(instanceId);
    }
  }
  const group = await world.builders.findGroup(groupName(stage, build), build.vpcId);
  if (group !== undefined && !(await world.builders.deleteGroup(group))) return false;
  if (tagged.length > 0) return false;
  await change(build, world, (present) => ({ ...present, phase: present.failure ? "failed" : "ready" }));
  return true;
}

function groupName(stage: string, { digest }: GoldenBuild): string {
  return `kiln-${stage}-golden-${digest.slice(0, 16)}`;
}

function tailOf(output: string): string {
  return output.trim().slice(-keptOutput);
}

function buildFailed({ recipe, attempt, failure }: GoldenBuild): GoldenBuildFailedError {
  return new GoldenBuildFailedError(
    `Recipe ${recipe} could not be built, attempt ${attempt}: ${failure?.why ?? "no reason was kept"}. Nothing of the attempt is left.`,
    "Mend the recipe and apply it again: kiln base apply <file>.",
  );
}
