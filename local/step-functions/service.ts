import type { Kernel, Operation, Service } from "../core/kernel.ts";
import { Executions } from "./api/executions.ts";
import { MachineStore } from "./api/machine-documents.ts";
import { Permissions } from "./api/permissions.ts";
import { makeReady } from "./api/prepared-definition.ts";
import { stepFunctionsRequestLimits } from "./api/request-limits.ts";
import { StateMachines } from "./api/state-machines.ts";
import { tagOperations } from "./api/tags.ts";
import { taskTokenOperations } from "./api/task-tokens.ts";
import { Versions } from "./api/versions.ts";
import { HistoryLog } from "./logging.ts";
import { Interpreter } from "./machine/interpreter.ts";
import { emitStatusChange } from "./status-events.ts";

/**
 * AWS Step Functions: STANDARD state machines in JSONata mode, versions, aliases and redrives. Differences from AWS: no
 * EXPRESS machines, activities, distributed Map or test of single states, no JSONPath beyond Pass, Task, Wait, Succeed and
 * Fail with plain paths, all refused by name; expressions are bounded by steps, not by time and memory; a definition that is
 * no JSON, an invalid path and a few rarer mistakes are refused in other words; a redriven Wait waits anew, and failures
 * a Map tolerated are not redriven.
 */
export class StepFunctionsService implements Service {
  readonly id = "states";
  readonly limits = stepFunctionsRequestLimits;
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #kernel: Kernel;
  readonly #machines: MachineStore;
  readonly #interpreter: Interpreter;

  constructor(kernel: Kernel) {
    const machines = new MachineStore(kernel);
    const interpreter = new Interpreter(kernel, machines);
    const permissions = new Permissions(kernel, (arn) => machines.machines.get(arn));
    const versions = new Versions(kernel, machines, permissions);
    const stateMachines = new StateMachines(kernel, machines, interpreter.store, versions, permissions);
    const executions = new Executions(kernel, interpreter, stateMachines, versions, permissions);
    const log = new HistoryLog(kernel, machines, interpreter.store);
    interpreter.onTurn((turn, changedStatus) => {
      log.planned(turn);
      if (!changedStatus) return;
      emitStatusChange(kernel, turn.execution);
      if (turn.execution.status !== "RUNNING") stateMachines.executionEnded(turn.execution.stateMachineArn);
    });
    this.#kernel = kernel;
    this.#machines = machines;
    this.#interpreter = interpreter;
    this.operations = {
      ...stateMachines.operations,
      ...versions.operations,
      ...executions.operations,
      ...taskTokenOperations(interpreter),
      ...tagOperations(machines, permissions),
    };
  }

  /** Makes the definitions of the store ready to run again. */
  async resume(): Promise<void> {
    this.#interpreter.store.forgetOld(this.#kernel.clock.now());
    for (const revision of this.#machines.revisions.list()) await makeReady(revision.definition);
  }

  stop(): void {
    this.#interpreter.stop();
  }
}
