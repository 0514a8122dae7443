import type {
  DescribeExecutionCommandInput,
  GetExecutionHistoryCommandInput,
  ListExecutionsCommandInput,
  StartExecutionCommandInput,
  StopExecutionCommandInput,
} from "@aws-sdk/client-sfn";
import { AwsError } from "../../core/aws-error.ts";
import type { Kernel, Operation } from "../../core/kernel.ts";
import { byteLength } from "../language/json.ts";
import type { ExecutionDocument, ExecutionStore } from "../machine/documents.ts";
import type { Interpreter } from "../machine/interpreter.ts";
import { payloadBytesMax, withoutUndefined } from "../machine/turn.ts";
import { assertExecutionArn, assertName, executionArn, isVersion, parseMachineArn } from "./arns.ts";
import { historyEvent } from "./history.ts";
import type { MachineDocument } from "./machine-documents.ts";
import { page } from "./paging.ts";
import type { Permissions } from "./permissions.ts";
import { redriveCountMembers, redriveMembers, redriveOperation } from "./redrive.ts";
import type { StateMachines } from "./state-machines.ts";
import type { Versions } from "./versions.ts";

/** Starting, stopping and reading executions. */
export class Executions {
  readonly #kernel: Kernel;
  readonly #store: ExecutionStore;
  readonly #interpreter: Interpreter;
  readonly #machines: StateMachines;
  readonly #versions: Versions;
  readonly operations: Readonly<Record<string, Operation>>;

  constructor(
    kernel: Kernel,
    interpreter: Interpreter,
    machines: StateMachines,
    versions: Versions,
    permissions: Permissions,
  ) {
    this.#kernel = kernel;
    this.#store = interpreter.store;
    this.#interpreter = interpreter;
    this.#machines = machines;
    this.#versions = versions;
    this.operations = {
      StartExecution: {
        permissions: (input: StartExecutionCommandInput, call) => permissions.onMachine(call, input.stateMachineArn),
        run: (input: StartExecutionCommandInput) => this.#start(input),
      },
      StopExecution: {
        permissions: (input: StopExecutionCommandInput, call) => permissions.onExecution(call, input.executionArn),
        run: (input: StopExecutionCommandInput) => this.#stop(input),
      },
      RedriveExecution: redriveOperation(kernel, interpreter, machines, permissions),
      DescribeExecution: {
        permissions: (input: DescribeExecutionCommandInput, call) => permissions.onExecution(call, input.executionArn),
        run: (input: DescribeExecutionCommandInput) => this.#describe(input),
      },
      ListExecutions: {
        permissions: (input: ListExecutionsCommandInput, call) => permissions.onMachine(call, input.stateMachineArn),
        run: (input: ListExecutionsCommandInput) => this.#list(input),
      },
      GetExecutionHistory: {
        permissions: (input: GetExecutionHistoryCommandInput, call) =>
          permissions.onExecution(call, input.executionArn),
        run: (input: GetExecutionHistoryCommandInput) => this.#history(input),
      },
    };
  }

  /**
   * The same name with the same input answers as the first call did while that execution runs; otherwise the name is
   * taken for 90 days. Source: StartExecution API reference.
   */
  #start(input: StartExecutionCommandInput) {
    const reference = parseMachineArn(input.stateMachineArn);
    const machine = this.#machines.active(reference.arn);
    const text = executionInput(input.input);
    const name = input.name ?? this.#kernel.random.uuid();
    assertName(name);
    const arn = executionArn(this.#kernel, machine.name, name);
    if (this.#store.executions.get(arn)) this.#store.forgetOld(this.#kernel.clock.now());
    const existing = this.#store.executions.get(arn);
    if (existing) {
      if (existing.status === "RUNNING" && existing.input === text) {
        return { executionArn: arn, startDate: new Date(existing.startMs) };
      }
      throw new AwsError("ExecutionAlreadyExists", `Execution Already Exists: '${arn}'`);
    }
    const startMs = this.#kernel.clock.now();
    const chosen = this.#revision(machine, reference.qualifier);
    this.#interpreter.start({
      arn,
      name,
      stateMachineArn: machine.arn,
      stateMachineName: machine.name,
      ...chosen,
      roleArn: this.#machines.revision(chosen.revisionId).roleArn,
      input: text,
      status: "RUNNING",
      startMs,
      ...withoutUndefined({ traceHeader: input.traceHeader }),
    });
    return { executionArn: arn, startDate: new Date(startMs) };
  }

  #revision(
    machine: Readonly<MachineDocument>,
    qualifier: string | undefined,
  ): Pick<ExecutionDocument, "revisionId" | "versionArn" | "aliasArn"> {
    if (qualifier === undefined) return { revisionId: machine.revisionId };
    const qualified = `${machine.arn}:${qualifier}`;
    if (isVersion(qualifier)) return { revisionId: this.#versions.get(qualified).revisionId, versionArn: qualified };
    const version = this.#versions.route(qualified);
    return { revisionId: version.revisionId, versionArn: version.arn, aliasArn: qualified };
  }

  async #stop(input: StopExecutionCommandInput) {
    const execution = this.#get(input.executionArn);
    await this.#interpreter.abort(execution.arn, withoutUndefined({ error: input.error, cause: input.cause }));
    return { stopDate: new Date(this.#get(input.executionArn).stopMs ?? this.#kernel.clock.now()) };
  }

  /** Shows the end of an execution a moment late: "This API action is eventually consistent" (DescribeExecution API reference). */
  #describe(input: DescribeExecutionCommandInput) {
    const stored = this.#get(input.executionArn);
    const lagMs = this.#kernel.settings.delays.executionReadSeconds * 1000;
    const fresh = stored.stopMs !== undefined && this.#kernel.clock.now() < stored.stopMs + lagMs;
    const execution: Readonly<ExecutionDocument> = fresh ? running(stored) : stored;
    return {
      executionArn: execution.arn,
      stateMachineArn: execution.stateMachineArn,
      name: execution.name,
      status: execution.status,
      startDate: new Date(execution.startMs),
      ...withoutUndefined({
        stopDate: execution.stopMs === undefined ? undefined : new Date(execution.stopMs),
        traceHeader: execution.traceHeader,
        stateMachineVersionArn: execution.versionArn,
        stateMachineAliasArn: execution.aliasArn,
      }),
      ...executionData(execution, input.includedData !== "METADATA_ONLY"),
      ...redriveMembers(execution, this.#store, this.#kernel.clock.now()),
    };
  }

  #list(input: ListExecutionsCommandInput) {
    if (input.mapRunArn !== undefined) {
      throw new AwsError("NotImplemented", "the embedded cloud does not have distributed Map runs (mapRunArn)", 501);
    }
    const reference = parseMachineArn(input.stateMachineArn);
    this.#machines.existing(reference.arn);
    const executions = this.#store.executions
      .list()
      .filter((execution) => execution.stateMachineArn === reference.arn)
      .filter(({ versionArn, aliasArn }) => {
        const qualified = input.stateMachineArn;
        return reference.qualifier === undefined || versionArn === qualified || aliasArn === qualified;
      })
      .filter((execution) => input.statusFilter === undefined || execution.status === input.statusFilter)
      .filter(({ redriveCount = 0 }) => {
        return input.redriveFilter === undefined || (input.redriveFilter === "REDRIVEN") === redriveCount > 0;
      })
      .sort((a, b) => b.startMs - a.startMs || (a.arn < b.arn ? -1 : 1));
    const { items, nextToken } = page(executions, input.maxResults, input.nextToken);
    return {
      executions: items.map((execution) => ({
        executionArn: execution.arn,
        stateMachineArn: execution.stateMachineArn,
        name: execution.name,
        status: execution.status,
        startDate: new Date(execution.startMs),
        ...redriveCountMembers(execution),
        ...withoutUndefined({
          stopDate: execution.stopMs === undefined ? undefined : new Date(execution.stopMs),
          stateMachineVersionArn: execution.versionArn,
          stateMachineAliasArn: execution.aliasArn,
        }),
      })),
      ...(nextToken === undefined ? {} : { nextToken }),
    };
  }

  #history(input: GetExecutionHistoryCommandInput) {
    const execution = this.#get(input.executionArn);
    const last = this.#store.cursors.get(execution.arn)?.lastEventId ?? 0;
    const ids = Array.from({ length: last }, (_, index) => (input.reverseOrder ? last - index : index + 1));
    const { items, nextToken } = page(ids, input.maxResults, input.nextToken);
    const events = items.flatMap((id) => {
      const event = this.#store.event(execution.arn, id);
      return event ? [historyEvent(event, input.includeExecutionData !== false)] : [];
    });
    return { events, ...(nextToken === undefined ? {} : { nextToken }) };
  }

  /** @throws {AwsError} InvalidArn or ExecutionDoesNotExist */
  #get(arn: string | undefined): Readonly<ExecutionDocument> {
    const execution = this.#store.executions.get(assertExecutionArn(arn));
    if (!execution) throw new AwsError("ExecutionDoesNotExist", `Execution Does Not Exist: '${arn}'`);
    return execution;
  }
}

/** An ended execution as it was while it ran. */
function running(execution: Readonly<ExecutionDocument>): ExecutionDocument {
  const { stopMs: _stopMs, output: _output, error: _error, cause: _cause, ...rest } = execution;
  return { ...rest, status: "RUNNING" };
}

/** @throws {AwsError} InvalidExecutionInput */
function executionInput(text = "{}"): string {
  if (byteLength(text) > payloadBytesMax) {
    throw new AwsError("InvalidExecutionInput", `Invalid execution input: the input exceeds ${payloadBytesMax} bytes`);
  }
  try {
    JSON.parse(text);
  } catch (error) {
    throw new AwsError("InvalidExecutionInput", `Invalid State Machine Execution Input: '${(error as Error).message}'`);
  }
  return text;
}

/** What an execution was given and what came of it; its metadata do not tell. Source: DescribeExecution, includedData. */
function executionData({ input, output, error, cause }: Readonly<ExecutionDocument>, included: boolean) {
  const outputDetails = output === undefined ? undefined : { included };
  const told = included ? { input, output, error, cause } : {};
  return { inputDetails: { included }, ...withoutUndefined({ outputDetails, ...told }) };
}
