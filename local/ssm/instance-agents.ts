/** An instance whose SSM Agent has registered. */
export interface ManagedInstance {
  instanceId: string;
  ipAddress: string;
  platformName: string;
  platformVersion: string;
  computerName: string;
  registeredAtMs: number;
  tags: Readonly<Record<string, string>>;
  /** Whether the agent answers now; one that stopped answering stays registered until its instance is terminated. */
  isOnline: boolean;
}

/** How a script ended. */
export interface ScriptResult {
  exitCode: number;
  stdout: string;
  stderr: string;
  /** The agent ended it at its time-out. */
  timedOut?: boolean;
}

/** When the agent ends a script that still runs. */
export interface ScriptLimits {
  /** Time-out. Programs on instances run in real time, and so does this. Unit: seconds. */
  limitSeconds: number;
  /** Aborted when the command is cancelled. */
  cancelled: AbortSignal;
}

/** The agents on instances, as Systems Manager reaches them. */
export interface InstanceAgents {
  /** Every registered instance. */
  registered(): readonly ManagedInstance[];
  /** Runs a shell script. @throws {Error} When the agent was lost before the script ended. */
  run(instanceId: string, script: string, limits: ScriptLimits): Promise<ScriptResult>;
}

/** No instance has an agent: what is true of images without one. */
export const noAgents: InstanceAgents = {
  registered: () => [],
  run: async (instanceId) => {
    throw new Error(`${instanceId} has no agent`);
  },
};
