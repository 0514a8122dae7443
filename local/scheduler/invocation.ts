import { AwsError } from "../core/aws-error.ts";
import type { Caller, Kernel } from "../core/kernel.ts";
import { callerInRole } from "../events/acting.ts";
import { sendDeadLetter } from "../events/dead-letters.ts";
import { failureOf, pauseSeconds, retryLimits } from "../events/retry.ts";
import type { ScheduleDocument } from "./documents.ts";
import { invokeTarget } from "./targets.ts";

/** The service that a schedule's role must trust. */
export const schedulerHost = "scheduler.amazonaws.com";

/** One invocation of one schedule, as a durable job. */
interface Invocation {
  schedule: ScheduleDocument;
  scheduledMs: number;
  executionId: string;
  startedMs: number;
  failures: number;
  last: boolean;
}

/** Calls the targets of schedules that are due, in their role, with retries and dead letters. */
export class Invocations {
  readonly #kernel: Kernel;
  readonly #finished: (schedule: ScheduleDocument) => void;

  /** @param finished Runs when the last invocation of a schedule is over, however it went. */
  constructor(kernel: Kernel, finished: (schedule: ScheduleDocument) => void) {
    this.#kernel = kernel;
    this.#finished = finished;
    kernel.jobs.on<Invocation>("scheduler.invoke", (invocation) => this.#invoke(invocation));
  }

  /**
   * Plans the invocation of a schedule that is due: somewhere in its flexible window, and in any case only as precisely as
   * Scheduler is.
   */
  plan(schedule: Readonly<ScheduleDocument>, dueMs: number, last: boolean): void {
    const { clock, random, settings, jobs } = this.#kernel;
    const windowSeconds = (schedule.windowMinutes ?? 0) * 60;
    const spreadSeconds = Math.max(windowSeconds, settings.delays.schedulePrecisionSeconds);
    const startedMs = Math.max(clock.now(), dueMs + Math.floor(random.between(0, spreadSeconds) * 1000));
    const invocation: Invocation = {
      schedule,
      scheduledMs: dueMs,
      executionId: random.hex(16),
      startedMs,
      failures: 0,
      last,
    };
    jobs.schedule("scheduler.invoke", startedMs, invocation);
  }

  async #invoke(invocation: Invocation): Promise<void> {
    const { target } = invocation.schedule;
    let caller: Caller | undefined;
    try {
      caller = await callerInRole(this.#kernel, schedulerHost, target.RoleArn ?? "", invocation.executionId);
      await invokeTarget(this.#kernel, target, this.#input(invocation), caller);
    } catch (error) {
      if (this.#retried(invocation, error)) return;
      await this.#giveUp(invocation, error, caller);
    }
    if (invocation.last) this.#finished(invocation.schedule);
  }

  /** What the target receives: the schedule's input with its placeholders, or else an event that says what happened. */
  #input({ schedule, scheduledMs, executionId, failures }: Invocation): string {
    const time = `${new Date(scheduledMs).toISOString().slice(0, 19)}Z`;
    if (schedule.target.Input === undefined) {
      const { accountId, region } = this.#kernel.settings;
      return JSON.stringify({
        version: "0",
        id: this.#kernel.random.uuid(),
        "detail-type": "Scheduled Event",
        source: "aws.scheduler",
        account: accountId,
        time,
        region,
        resources: [schedule.arn],
        // Text, not an object: so Scheduler sends it.
        detail: "{}",
      });
    }
    // Source: Scheduler user guide, "Adding context attributes".
    return schedule.target.Input.replaceAll("<aws.scheduler.schedule-arn>", schedule.arn)
      .replaceAll("<aws.scheduler.scheduled-time>", time)
      .replaceAll("<aws.scheduler.execution-id>", executionId)
      .replaceAll("<aws.scheduler.attempt-number>", String(failures + 1));
  }

  #retried(invocation: Invocation, error: unknown): boolean {
    if (!failureOf(error).retryable) return false;
    const limits = retryLimits(invocation.schedule.target.RetryPolicy);
    const pauseMs = pauseSeconds(invocation.failures, this.#kernel.random.next()) * 1000;
    const dueMs = this.#kernel.clock.now() + pauseMs;
    if (invocation.failures >= limits.maximumAttempts) return false;
    if (dueMs - invocation.startedMs > limits.maximumAgeSeconds * 1000) return false;
    this.#kernel.jobs.schedule("scheduler.invoke", dueMs, { ...invocation, failures: invocation.failures + 1 });
    return true;
  }

  /** The role that calls the target also sends the dead letter. Source: Scheduler user guide, "Configuring a dead-letter queue". */
  async #giveUp(invocation: Invocation, error: unknown, caller: Caller | undefined): Promise<void> {
    const { schedule, executionId, scheduledMs, failures } = invocation;
    const message = error instanceof Error ? error.message : String(error);
    this.#kernel.settings.log(`schedule ${schedule.name} could not invoke ${schedule.target.Arn}: ${message}`);
    const queueArn = schedule.target.DeadLetterConfig?.Arn;
    if (queueArn === undefined || !caller) return;
    const limits = retryLimits(schedule.target.RetryPolicy);
    const condition = failures >= limits.maximumAttempts ? "MaximumRetryAttempts" : "MaximumEventAgeInSeconds";
    const attributes = {
      SCHEDULE_ARN: schedule.arn,
      TARGET_ARN: schedule.target.Arn ?? "",
      EXECUTION_ID: executionId,
      SCHEDULED_TIME: `${new Date(scheduledMs).toISOString().slice(0, 19)}Z`,
      ERROR_CODE: error instanceof AwsError ? error.code : "InternalError",
      ERROR_MESSAGE: message,
      ...(failureOf(error).retryable && { EXHAUSTED_RETRY_CONDITION: condition }),
      IS_PAYLOAD_TRUNCATED: "false",
      RETRY_ATTEMPTS: String(failures),
    };
    await sendDeadLetter(this.#kernel, { queueArn, body: this.#input(invocation), attributes }, caller);
  }
}
