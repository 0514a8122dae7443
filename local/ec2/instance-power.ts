import { atRealPace } from "../core/clock.ts";
import { volumeKeyActions } from "../ebs/key-access.ts";
import { machineSpec } from "./machine-specs.ts";
import type { InstanceRecord, InstanceState } from "./records.ts";
import { forgetUnusedFiles } from "./root-files.ts";
import { makeVolumeBytes } from "./volume-bytes.ts";
import type { Ec2World } from "./world.ts";

type Instance = Readonly<InstanceRecord>;
type End = "terminated" | "stopped";

interface InstanceJob {
  instanceId: string;
}

/** How often a launch looks again whether its volumes are ready, when making them takes longer than modelled. */
const recheckSeconds = 1;

/** The transitions of instances that take time: each is a job, so that it survives a restart of the cloud. */
export function registerInstanceJobs(world: Ec2World): void {
  const { jobs } = world.kernel;
  jobs.on<InstanceJob>("ec2.instance.prepare", ({ instanceId }) => prepare(world, instanceId));
  jobs.on<InstanceJob>("ec2.instance.running", ({ instanceId }) => becomeRunning(world, instanceId));
  jobs.on<InstanceJob>("ec2.instance.boot", ({ instanceId }) => boot(world, instanceId));
  jobs.on<InstanceJob>("ec2.instance.reboot", ({ instanceId }) => reboot(world, instanceId));
  jobs.on<InstanceJob>("ec2.instance.status-check", ({ instanceId }) => checkStatus(world, instanceId));
  jobs.on<InstanceJob & { end: End; sinceMs: number }>("ec2.instance.shut-down", (job) => shutDown(world, job));
  jobs.on<InstanceJob & { end: End }>("ec2.instance.ended", ({ instanceId, end }) => ended(world, instanceId, end));
  jobs.on<InstanceJob>("ec2.instance.forget", ({ instanceId }) => {
    world.instances.delete(instanceId);
    world.kernel.store.collection("ec2.consoles").delete(instanceId);
  });
  jobs.on<InstanceJob & { reason: string }>("ec2.instance.crashed", ({ instanceId, reason }) => {
    const instance = world.instances.get(instanceId);
    if (instance?.state !== "running") return;
    world.kernel.settings.log(`${instanceId}: the machine ended: ${reason}`);
    planStatusCheck(world, instanceId);
  });
  world.machines.onUnexpectedExit((instanceId, reason) => {
    world.kernel.jobs.schedule("ec2.instance.crashed", world.now(), { instanceId, reason });
  });
}

/** Starts what a new or started instance goes through until its operating system runs. */
export function beginLaunch(world: Ec2World, instance: Instance): void {
  const { instanceId } = instance;
  announce(world, instance);
  const { instancePendingSeconds } = world.kernel.settings.delays;
  plan(world, "prepare", instanceId, 0);
  plan(world, "running", instanceId, instancePendingSeconds);
}

/** Ends an instance; its machine is shut down first. Nothing happens to one that is ending or has ended. */
export function beginEnd(world: Ec2World, instance: Instance, end: End, why: string): void {
  const { instanceId } = instance;
  const at = new Date(world.now()).toISOString().replace("T", " ").slice(0, 19);
  for (const job of ["running", "boot", "status-check"]) world.kernel.jobs.cancel(`ec2.${job}/${instanceId}`);
  const [code, words] = reasons[why] ?? ["Client.UserInitiatedShutdown", why];
  setState(world, instanceId, end === "terminated" ? "shutting-down" : "stopping", {
    transitionReason: `${why} (${at} GMT)`,
    stateReason: { Code: code, Message: `${code}: ${words}` },
  });
  const job = { instanceId, end, sinceMs: world.now() };
  world.kernel.jobs.schedule("ec2.instance.shut-down", world.now(), job, `ec2.shut-down/${instanceId}`);
}

/** State reasons by transition reason. Source: API_StateReason. */
const reasons: Readonly<Record<string, readonly [code: string, words: string]>> = {
  "User initiated": ["Client.UserInitiatedShutdown", "User initiated shutdown"],
  "Service initiated": ["Server.ScheduledStop", "Stopped due to a scheduled retirement"],
  "Client error on launch": ["Client.InternalError", "Client error on launch"],
};

/** Reboots the machine of a running instance; its state stays `running`. */
export function rebootMachine(world: Ec2World, instanceId: string): void {
  plan(world, "reboot", instanceId, 0);
}

/** Boots the machines of running instances again after the cloud was restarted; they see it as a reboot. */
export async function resumeMachines(world: Ec2World): Promise<void> {
  await world.machines.endLeftovers();
  for (const { instanceId, state } of world.instances.list()) {
    if (state === "running" && world.kernel.jobs.dueAt(`ec2.boot/${instanceId}`) === undefined) {
      plan(world, "boot", instanceId, 0);
    }
  }
}

/** What goes wrong here ends the instance by itself. Source: Auto Scaling guide, ts-as-instancelaunchfailure. */
async function prepare(world: Ec2World, instanceId: string): Promise<void> {
  const instance = world.instances.get(instanceId);
  if (instance?.state !== "pending") return;
  try {
    await atRealPace(world.kernel.clock, () => prepareVolumes(world, instance));
  } catch (error) {
    world.kernel.settings.log(`${instanceId}: its volumes cannot be made: ${String(error)}`);
    beginEnd(world, instance, "terminated", "Client error on launch");
  }
}

async function prepareVolumes(world: Ec2World, instance: Instance): Promise<void> {
  for (const { volumeId } of instance.volumes) {
    const volume = world.volumes.get(volumeId);
    if (volume?.state !== "creating") continue;
    if (volume.kmsKeyArn !== undefined)
      world.keys.assertUsable(volume.kmsKeyArn, instance.launchedBy, volumeKeyActions);
    await makeVolumeBytes(world, volume);
    const latest = world.volumes.get(volumeId);
    if (latest) world.volumes.put(volumeId, { ...latest, state: "in-use" });
  }
}

function becomeRunning(world: Ec2World, instanceId: string): void {
  const instance = world.instances.get(instanceId);
  if (instance?.state !== "pending") return;
  if (instance.volumes.some(({ volumeId }) => world.volumes.get(volumeId)?.state !== "in-use")) {
    plan(world, "running", instanceId, recheckSeconds);
    return;
  }
  setState(world, instanceId, "running", { health: "initializing" });
  plan(world, "boot", instanceId, world.kernel.settings.delays.instanceBootSeconds);
}

async function boot(world: Ec2World, instanceId: string): Promise<void> {
  const instance = world.instances.get(instanceId);
  if (instance?.state !== "running") return;
  await attempt(world, instanceId, () => world.machines.start(machineSpec(instance)));
  planStatusCheck(world, instanceId);
}

async function reboot(world: Ec2World, instanceId: string): Promise<void> {
  const instance = world.instances.get(instanceId);
  if (instance?.state !== "running") return;
  await attempt(world, instanceId, () => world.machines.reboot(machineSpec(instance)));
  planStatusCheck(world, instanceId);
}

/** A machine that does not come up is what the status check is for; the reason goes to whoever watches the cloud. */
async function attempt(world: Ec2World, instanceId: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    world.kernel.settings.log(`${instanceId}: the machine does not boot: ${String(error)}`);
  }
}

function planStatusCheck(world: Ec2World, instanceId: string): void {
  plan(world, "status-check", instanceId, world.kernel.settings.delays.statusCheckSeconds);
}

function checkStatus(world: Ec2World, instanceId: string): void {
  const instance = world.instances.get(instanceId);
  if (instance?.state !== "running") return;
  const health = world.machines.isUp(instanceId) ? "ok" : "impaired";
  if (health === instance.health) return;
  const { impairedAtMs: _before, ...rest } = instance;
  world.instances.put(instanceId, { ...rest, health, ...(health === "impaired" ? { impairedAtMs: world.now() } : {}) });
  if (health === "impaired") {
    world.kernel.emit("ec2.instance.changed", { instanceId, state: "running", reason: "impaired" });
  }
}

async function shutDown(world: Ec2World, job: InstanceJob & { end: End; sinceMs: number }): Promise<void> {
  const { instanceId, end } = job;
  await world.machines.stop(instanceId);
  const atMs = job.sinceMs + world.kernel.settings.delays.instanceTerminateSeconds * 1000;
  world.kernel.jobs.schedule(
    "ec2.instance.ended",
    Math.max(atMs, world.now()),
    { instanceId, end },
    `ec2.ended/${instanceId}`,
  );
}

async function ended(world: Ec2World, instanceId: string, end: End): Promise<void> {
  const instance = world.instances.get(instanceId);
  if (!instance) return;
  if (end === "stopped") {
    setState(world, instanceId, "stopped");
    return;
  }
  world.kernel.store.collection<{ text: string }>("ec2.consoles").put(instanceId, {
    text: await world.machines.console(instanceId),
  });
  await world.machines.remove(instanceId);
  await releaseVolumes(world, instance);
  world.interfaces.delete(instance.networkInterfaceId);
  setState(world, instanceId, "terminated", { volumes: [] });
  await forgetUnusedFiles(world, instance.lineage.files);
  plan(world, "forget", instanceId, world.kernel.settings.delays.terminatedVisibleSeconds);
}

async function releaseVolumes(world: Ec2World, instance: Instance): Promise<void> {
  for (const { volumeId, deleteOnTermination } of instance.volumes) {
    const volume = world.volumes.get(volumeId);
    if (!volume) continue;
    if (deleteOnTermination) {
      world.volumes.delete(volumeId);
      await world.snapshots.files.remove(volumeId);
    } else {
      const { attachment: _gone, ...free } = volume;
      world.volumes.put(volumeId, { ...free, state: "available" });
    }
  }
}

function setState(
  world: Ec2World,
  instanceId: string,
  state: InstanceState,
  change: Partial<InstanceRecord> = {},
): void {
  const instance = world.instances.get(instanceId);
  if (!instance || instance.state === state) return;
  const changed = { ...instance, ...change, state };
  world.instances.put(instanceId, changed);
  announce(world, changed);
}

/** Source of the event's form: EC2 user guide, "Instance state change events". */
function announce(world: Ec2World, { instanceId, state, stateReason }: Instance): void {
  const detail = { "instance-id": instanceId, state };
  world.announce("EC2 Instance State-change Notification", world.arn("instance", instanceId), detail);
  world.kernel.emit("ec2.instance.changed", {
    instanceId,
    state,
    ...(stateReason ? { reason: stateReason.Message } : {}),
  });
}

function plan(world: Ec2World, what: string, instanceId: string, inSeconds: number): void {
  const atMs = world.now() + inSeconds * 1000;
  world.kernel.jobs.schedule(`ec2.instance.${what}`, atMs, { instanceId }, `ec2.${what}/${instanceId}`);
}
