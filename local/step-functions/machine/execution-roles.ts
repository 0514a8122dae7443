import type { Caller, Kernel } from "../../core/kernel.ts";
import { assumeRole } from "../integrations/role.ts";
import type { ExecutionDocument } from "./documents.ts";

/** Roles that running executions make their calls in, each taken on once for an execution. */
export class ExecutionRoles {
  readonly #kernel: Kernel;
  readonly #callers = new Map<string, Caller>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /**
   * The caller of an execution's task.
   * @param taskRoleArn The role that the task's Credentials name; the machine's own role must be let into it.
   * @throws {AwsError} When a role does not let its caller in.
   */
  async callerOf(execution: Readonly<ExecutionDocument>, taskRoleArn: string | undefined): Promise<Caller> {
    let own = this.#callers.get(execution.arn);
    if (!own) {
      own = await assumeRole(this.#kernel, execution.roleArn);
      this.#callers.set(execution.arn, own);
    }
    return taskRoleArn === undefined ? own : assumeRole(this.#kernel, taskRoleArn, own);
  }

  forget(executionArn: string): void {
    this.#callers.delete(executionArn);
  }
}
