import { assembleCloud } from "../../local/assembly.ts";
import { VirtualClock } from "../../local/core/clock.ts";
import { Kernel, type Service } from "../../local/core/kernel.ts";
import { settingsWith } from "../../local/core/settings.ts";
import { MemoryBlockFiles } from "../../local/ebs/memory-block-files.ts";
import { MemoryCodeFiles } from "../../local/lambda/code-files.ts";
import { InProcessRunner } from "../../local/lambda/in-process-runner.ts";
import type { TrafficDriver } from "../../local/load-balancing/traffic.ts";
import { ScriptedHost } from "../../local/machine/scripted-host.ts";
import { MemoryObjectFiles } from "../../local/s3/object-files.ts";

/** Nobody sends a request. */
const noTraffic: TrafficDriver = {
  update: () => {},
  probe: async () => ({ kind: "failed" }),
  cut: () => {},
  takeCounts: () => [],
  stop: async () => {},
};

/** Every service of the embedded cloud, made only to say which operations it has: no process, socket or file is touched. */
export function cloudServices(): Service[] {
  const kernel = new Kernel(settingsWith(), new VirtualClock());
  assembleCloud(kernel, {
    objects: new MemoryObjectFiles(),
    blocks: new MemoryBlockFiles(),
    code: new MemoryCodeFiles(),
    machines: new ScriptedHost(),
    runner: new InProcessRunner(kernel.clock, {}),
    traffic: () => noTraffic,
  });
  return kernel.services();
}
