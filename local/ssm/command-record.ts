export interface CommandRecord {
  id: string;
  comment: string;
  requestedAtMs: number;
  timeoutSeconds: number;
  instanceIds: string[];
  parameters: Record<string, string[]>;
}

export interface InvocationRecord {
  commandId: string;
  instanceId: string;
  status: string;
  requestedAtMs: number;
  startedAtMs?: number;
  endedAtMs?: number;
  exitCode: number;
  stdout: string;
  stderr: string;
  /** The agent did not take it up in time. */
  undelivered?: boolean;
}

/** The one document this cloud runs. */
export const shellDocument = "AWS-RunShellScript";

/** Whether an invocation has ended, however it did. */
export function isOver(status: string): boolean {
  return status !== "Pending" && status !== "InProgress";
}
