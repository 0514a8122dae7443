import { AwsError } from "../core/aws-error.ts";
import type { Caller, Kernel } from "../core/kernel.ts";
import type { Collection } from "../core/store.ts";
import type { MachineStore } from "./api/machine-documents.ts";
import type { EventDocument, ExecutionDocument, ExecutionStore } from "./machine/documents.ts";
import type { Turn } from "./machine/turn.ts";

interface LogJob {
  executionArn: string;
}

/** How long events are gathered before they are delivered. AWS delivers in batches too; no published figure. */
const gatheredMs = 1000;

/** Events each level lets through; ALL has no list. Source: guide, "Log levels for Step Functions execution events". */
const fatal = /^Execution(Aborted|Failed|TimedOut)$/;
const failures = /(Aborted|Failed|TimedOut)$/;

/** Writes history events to CloudWatch Logs, in the shape AWS gives them. Best effort, as on AWS. */
export class HistoryLog {
  readonly #kernel: Kernel;
  readonly #machines: MachineStore;
  readonly #executions: ExecutionStore;
  /** The last event of each execution that was delivered. */
  readonly #delivered: Collection<number>;

  constructor(kernel: Kernel, machines: MachineStore, executions: ExecutionStore) {
    this.#kernel = kernel;
    this.#machines = machines;
    this.#executions = executions;
    this.#delivered = kernel.store.collection("states.logged");
    kernel.jobs.on<LogJob>("states.log", (job) => this.#write(job));
  }

  /** Plans the writing of what one decision recorded. */
  planned(turn: Turn): void {
    if (turn.events.length === 0 || this.#destination(turn.execution) === undefined) return;
    const executionArn = turn.execution.arn;
    const key = `states.log#${executionArn}`;
    // One that is due now may be under way already, and then writes no more than what was there when it began.
    if ((this.#kernel.jobs.dueAt(key) ?? 0) > turn.nowMs) return;
    this.#kernel.jobs.schedule("states.log", turn.nowMs + gatheredMs, { executionArn }, key);
  }

  #destination(execution: Readonly<ExecutionDocument>): { group: string; level: string; data: boolean } | undefined {
    const { logging } = this.#machines.revision(execution.revisionId);
    const arn = logging.destinations?.[0]?.cloudWatchLogsLogGroup?.logGroupArn;
    const [, group] = /:log-group:(.+):\*$/.exec(arn ?? "") ?? [];
    const level = logging.level ?? "OFF";
    if (group === undefined || level === "OFF") return undefined;
    return { group, level, data: logging.includeExecutionData === true };
  }

  async #write({ executionArn }: LogJob): Promise<void> {
    const execution = this.#executions.executions.get(executionArn);
    const destination = execution && this.#destination(execution);
    if (!execution || !destination) return;
    const logEvents: { timestamp: number; message: string }[] = [];
    const before = this.#delivered.get(executionArn) ?? 0;
    const last = this.#executions.cursors.get(executionArn)?.lastEventId ?? 0;
    // Best effort: after a kill in between, a batch is missing rather than there twice.
    this.#delivered.put(executionArn, last);
    for (let id = before + 1; id <= last; id++) {
      const event = this.#executions.event(executionArn, id);
      if (!event || !passes(destination.level, event.type)) continue;
      const message = JSON.stringify(logEntry(event, execution, destination.data));
      logEvents.push({ timestamp: event.atMs, message });
    }
    if (logEvents.length === 0) return;
    const started = new Date(execution.startMs).toISOString();
    const logStreamName = `states/${execution.stateMachineName}/${started.slice(0, 16).replace(/[T:]/g, "-")}/${streamSuffix(execution)}`;
    await this.#put(destination.group, logStreamName, logEvents);
  }

  async #put(logGroupName: string, logStreamName: string, logEvents: unknown[]): Promise<void> {
    const deliverer = this.#kernel.serviceCaller("delivery.logs.amazonaws.com");
    const put = () => this.#kernel.call("logs", "PutLogEvents", { logGroupName, logStreamName, logEvents }, deliverer);
    try {
      await put().catch(async (error: unknown) => {
        if (!isAwsError(error, "ResourceNotFoundException")) throw error;
        await this.#makeStream(logGroupName, logStreamName, deliverer);
        await put();
      });
    } catch (error) {
      this.#kernel.settings.log(`step functions: could not log to ${logGroupName}: ${String(error)}`);
    }
  }

  async #makeStream(logGroupName: string, logStreamName: string, deliverer: Caller): Promise<void> {
    try {
      await this.#kernel.call("logs", "CreateLogStream", { logGroupName, logStreamName }, deliverer);
    } catch (error) {
      if (!isAwsError(error, "ResourceAlreadyExistsException")) throw error;
    }
  }
}

function passes(level: string, type: string): boolean {
  if (level === "ALL") return true;
  return (level === "FATAL" ? fatal : failures).test(type);
}

/** Streams of executions started in the same minute are told apart by the execution's name. */
function streamSuffix(execution: Readonly<ExecutionDocument>): string {
  return Buffer.from(execution.name).toString("hex").slice(0, 8);
}

function logEntry(
  event: Readonly<EventDocument>,
  { arn: executionArn, redriveCount = 0 }: Readonly<ExecutionDocument>,
  includeData: boolean,
): Record<string, unknown> {
  const data = new Set(["input", "output", "parameters", "assignedVariables"]);
  const details = Object.entries(event.details ?? {}).filter(([name]) => includeData || !data.has(name));
  return {
    id: String(event.id),
    type: event.type,
    details: Object.fromEntries(details),
    redrive_count: String(redriveCount),
    previous_event_id: String(event.previousEventId),
    event_timestamp: String(event.atMs),
    execution_arn: executionArn,
  };
}

function isAwsError(error: unknown, code: string): boolean {
  return error instanceof AwsError && error.code === code;
}
