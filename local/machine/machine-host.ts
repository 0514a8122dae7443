import type { Duplex } from "node:stream";

/** One machine to boot. */
export interface MachineSpec {
  /** The instance's id. */
  id: string;
  /**
   * Operating system on the root volume, such as `al2023`; undefined when the root volume holds none, in which case the
   * machine finds nothing to boot.
   */
  base: string | undefined;
  /** Kept files that the root disk begins with, beside what the base ships. */
  files?: string;
  /** As text; undefined when the instance has none. It runs at the first boot only. */
  userData: string | undefined;
  /** Disks by the name the operating system gives them, such as `nvme0n1`, and whose bytes they are. */
  disks: { name: string; volumeId: string }[];
  hostname: string;
  /** Its address inside its own network, such as `172.31.0.4`. */
  privateIp: string;
}

/** What a script that was run on a machine did. */
export interface ScriptResult {
  exitCode: number;
  stdout: string;
  stderr: string;
  /** It was ended because it ran longer than it was allowed to. */
  timedOut?: boolean;
}

/** What ends a script before its own end. */
export interface ScriptLimits {
  /** Counted in real time, as the machine's programs are. Unit: seconds. */
  limitSeconds: number;
  cancelled: AbortSignal;
}

/**
 * Runs the machines behind EC2 instances. The real one runs processes; a simulation's decides what programs do.
 * All calls may be repeated.
 */
export interface MachineHost {
  /** Boots the machine and returns once its operating system is up; the user data then runs by itself. */
  start(spec: MachineSpec): Promise<void>;
  /** Shuts the machine down as an operating system does, its programs getting SIGTERM first; its files stay. */
  stop(id: string): Promise<void>;
  /** Shuts it down and boots it again with the same files. */
  reboot(spec: MachineSpec): Promise<void>;
  /** Whether the machine's operating system runs: what a status check finds out. */
  isUp(id: string): boolean;
  /** Keeps the files of a machine's root disk, as they are now, for machines that begin with them. */
  keepFiles(id: string, name: string): Promise<void>;
  forgetFiles(name: string): Promise<void>;
  /** Removes what is left of a machine that was stopped. */
  remove(id: string): Promise<void>;
  /**
   * Opens a connection to a port of the machine.
   * @throws an error with `code` ECONNREFUSED when nothing listens, EHOSTUNREACH when the machine is not up.
   */
  connect(id: string, port: number): Promise<Duplex>;
  /** The last 64 KiB of what the console showed, also after the machine stopped; empty when it is gone. */
  console(id: string): Promise<string>;
  /**
   * Runs a shell script on the machine, as an agent on it would.
   * @throws when the machine is not up, when it ends before the script does, and when the script was cancelled.
   */
  run(id: string, script: string, limits?: ScriptLimits): Promise<ScriptResult>;
  /** Calls `listener` when a machine ends that nobody stopped. */
  onUnexpectedExit(listener: (id: string, reason: string) => void): void;
  /** Ends what a killed cloud left running. */
  endLeftovers(): Promise<void>;
  /** Ends every machine at once, when the cloud itself stops; their files stay, and none can be started any more. */
  stopAll(): Promise<void>;
}
