/** What the host tells a machine's init, as a JSON file whose path is init's only argument. */
export interface InitConfig {
  id: string;
  /** Directory that stands for the machine's "/". */
  root: string;
  /** Whether programs are to see that directory as "/"; else they find it by KILN_ROOT. */
  hasOwnRoot: boolean;
  /** Unix socket that init listens on for the host, and for the stand-in of systemctl. */
  socket: string;
  /** Where the console's text goes. */
  consoleFile: string;
  /** Process groups that programs were started in, for a host that must end them without init. */
  groupsFile: string;
  /** File with the user data; absent when the instance has none. */
  userDataFile?: string;
  /**
   * The machine's own address when it has a network of its own. Without one its programs share the host's loopback:
   * they are given other ports and HOST=127.0.0.1.
   */
  address?: string;
  /** Ends a program when init ends, where the host has setpriv and no process namespace does it. */
  deathSignalCommand?: string;
}

/** What can be asked of init: one JSON line on its socket. */
export type InitRequest =
  | { connect: number }
  | { systemctl: string[] }
  | { run: string; limitSeconds?: number }
  | { shutDown: true };

/** Init's one-line answer. After `{ ok: true }` to a connect, the socket is the connection. */
export type InitAnswer =
  | { ok: true }
  | { error: string; code: string }
  | { exitCode: number; stdout: string; stderr: string; timedOut?: boolean };
