import { setTimeout as delay } from "node:timers/promises";
import type { Taken, UploadDone, UploadTask } from "./upload-task.ts";

/** Runs an upload as the only thing that this process does, and prints what it took. */
export async function measureUpload(upload: (task: UploadTask) => Promise<string>): Promise<void> {
  const task = JSON.parse(process.argv[2] ?? "{}") as UploadTask;
  let snapshotId = "";
  const taken = await measured(async () => {
    snapshotId = await upload(task);
  });
  console.log(JSON.stringify({ snapshotId, ...taken } satisfies UploadDone));
}

/** What some work of this process takes. */
export async function measured(work: () => Promise<void>): Promise<Taken> {
  const beganMs = performance.now();
  const before = process.cpuUsage();
  await work();
  const seconds = (performance.now() - beganMs) / 1000;
  const { user, system } = process.cpuUsage(before);
  // Node tells the peak in KiB, as Linux does.
  const peakMebibytes = process.resourceUsage().maxRSS / 1024;
  return { seconds, cpuSeconds: (user + system) / 1e6, peakMebibytes };
}

interface Sender {
  send(...args: never[]): Promise<unknown>;
}

/** Makes each call of a client wait before it is sent. @param callMs 0 leaves the client as it is. */
export function delayed<C>(client: C, callMs: number): C {
  if (callMs === 0) return client;
  const sender = client as Sender;
  const send = sender.send.bind(sender);
  sender.send = async (...args) => {
    await delay(callMs);
    return send(...args);
  };
  return client;
}
