/** An instance whose SSM agent has registered. */
export interface ManagedInstance {
  instanceId: string;
  ipAddress: string;
  platformName: string;
  platformVersion: string;
  computerName: string;
  registeredAtMs: number;
  tags: Readonly<Record<string, string>>;
}

export interface ScriptResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** The agents on instances, as Systems Manager reaches them. */
export interface InstanceAgents {
  /** Instances that answer now. */
  online(): readonly ManagedInstance[];
  /** Runs a shell script. @throws {Error} When the instance cannot be reached any more. */
  run(instanceId: string, script: string): Promise<ScriptResult>;
}

/** No instance has an agent: what is true of images without one. */
export const noAgents: InstanceAgents = {
  online: () => [],
  run: async (instanceId) => {
    throw new Error(`${instanceId} has no agent`);
  },
};
