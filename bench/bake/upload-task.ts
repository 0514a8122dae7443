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

/** What a program says that it took. */
export interface Taken {
  /** Of an upload, from StartSnapshot to the answer of CompleteSnapshot. Unit: seconds. */
  seconds: number;
  /** User and system time of the process in that time. */
  cpuSeconds: number;
  /** Of the whole process, Node itself included. Unit: MiB. */
  peakMebibytes: number;
}

/** What an uploader says when it is done. */
export interface UploadDone extends Taken {
  snapshotId: string;
}

/** What the program is told that reads an archive as admission does. */
export interface ArchiveTask {
  artifactsBucket: string;
  key: string;
  versionId: string;
}
