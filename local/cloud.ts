import { mkdirSync, rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assembleCloud, type Drivers } from "./assembly.ts";
import { PacedClock } from "./core/clock.ts";
import { type Caller, Kernel } from "./core/kernel.ts";
import { type EventDisturbance, settingsWith } from "./core/settings.ts";
import { SparseBlockFiles } from "./ebs/sparse-block-files.ts";
import { administrator } from "./iam/administrator.ts";
import { DiskCodeFiles } from "./lambda/code-files.ts";
import { ProcessRunner } from "./lambda/process-runner.ts";
import { proxyTraffic } from "./load-balancing/proxy/proxy-traffic.ts";
import type { MachineHost } from "./machine/machine-host.ts";
import { machinesDirectory } from "./machine/machines-directory.ts";
import { ProcessHost } from "./machine/process-host.ts";
import { DiskObjectFiles } from "./s3/object-files.ts";
import { startServer } from "./server/server.ts";

/** One embedded cloud with real processes, files and sockets behind it. */
export interface RunningCloud {
  /** `http://127.0.0.1:<port>`. */
  endpoint: string;
  kernel: Kernel;
  /** Its pace can be changed while it runs. */
  clock: PacedClock;
  /** The account's administrator, for calls from within this process. */
  administrator: Caller;
  /** Ends every process and socket; the state directory can be started again. */
  stop(): Promise<void>;
}

export interface CloudOptions {
  /** 0 takes any free port. */
  port: number;
  /** Where everything is kept; undefined keeps it in a temporary directory that goes with the cloud. */
  stateDirectory: string | undefined;
  /** How many modelled seconds pass in a real one; 1 is AWS's own pace. */
  timeFactor: number;
  seed?: number;
  eventDisturbance?: EventDisturbance;
  /** Receives one line for a person who watches the cloud. */
  log: (line: string) => void;
}

/** Starts an embedded cloud. Where state was kept, it goes on from there. */
export async function startCloud(options: CloudOptions): Promise<RunningCloud> {
  const temporary = options.stateDirectory === undefined;
  const directory = options.stateDirectory ?? (await mkdtemp(join(tmpdir(), "kiln-cloud-")));
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const { seed = 1, log, eventDisturbance } = options;
  const settings = settingsWith({
    stateDirectory: directory,
    seed,
    log,
    ...(eventDisturbance && { eventDisturbance }),
  });
  const clock = new PacedClock(options.timeFactor);
  const kernel = new Kernel(settings, clock);
  clock.notBefore(kernel.lastWrittenMs ?? 0);
  const drivers = realDrivers(kernel, clock, directory);
  // A new cloud in a place where another one was: nothing of that one's servers may be taken for its own.
  if (kernel.lastWrittenMs === undefined) await forgetMachines(drivers.machines, directory);
  const { iam } = assembleCloud(kernel, drivers);

  const server = await startServer(kernel, iam, { port: options.port });
  settings.endpoint = server.url;
  await kernel.start();
  return {
    endpoint: server.url,
    kernel,
    clock,
    administrator: administrator(settings),
    async stop() {
      await server.close();
      await kernel.stop();
      if (!temporary) return;
      rmSync(directory, { recursive: true, force: true });
      removeMachines(directory);
    },
  };
}

async function forgetMachines(machines: MachineHost, stateDirectory: string): Promise<void> {
  await machines.endLeftovers();
  removeMachines(stateDirectory);
  mkdirSync(machinesDirectory(stateDirectory), { recursive: true });
}

/** Removes the disks of a stopped cloud's servers; started again, they boot from their images. */
export function removeMachines(stateDirectory: string): void {
  rmSync(machinesDirectory(stateDirectory), { recursive: true, force: true });
}

/** What is real behind the services: files under the state directory, child processes, and sockets of this machine. */
function realDrivers(kernel: Kernel, clock: PacedClock, directory: string): Drivers {
  const blocks = new SparseBlockFiles(join(directory, "blocks"));
  return {
    objects: new DiskObjectFiles(join(directory, "objects")),
    blocks,
    code: new DiskCodeFiles(join(directory, "code")),
    machines: new ProcessHost({
      directory: machinesDirectory(directory),
      volumeFile: (volumeId) => blocks.pathOf(volumeId),
      log: kernel.settings.log,
      realWork: () => clock.holdPace(),
    }),
    runner: new ProcessRunner({ directory: join(directory, "functions"), clock, log: kernel.settings.log }),
    traffic: (view, ec2) => proxyTraffic((instanceId, port) => ec2.connect(instanceId, port))(view),
  };
}
