import type { Release } from "../../shared/domain/release.ts";

/** What an uploader's process is told. Where the cloud is, it has from its environment, as any SDK client. */
export interface UploadTask {
  release: Release;
  artifactsBucket: string;
  ledgerBucket: string;
  keyArn: string;
  /** Unit: milliseconds that each call waits before it is sent, as on a network with such a latency. */
  callMs: number;
}

/** What it says when it is done. */
export interface UploadDone {
  snapshotId: string;
  /** From StartSnapshot to the answer of CompleteSnapshot. Unit: seconds. */
  seconds: number;
  /** User and system time of the process in that time. */
  cpuSeconds: number;
  /** Of the whole process, Node itself included. Unit: MiB. */
  peakMebibytes: number;
}
