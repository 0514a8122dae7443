import { AwsError } from "../core/aws-error.ts";
import type { Kernel } from "../core/kernel.ts";
import type { Collection } from "../core/store.ts";
import { notification, stateChangeEvent } from "./alarm-announcement.ts";
import { type AlarmDecision, comparisons, decideAlarm, extraPeriods } from "./alarm-decision.ts";
import { type AlarmHistoryRecord, type AlarmRecord, type AlarmState, alarmArn, watchedQuery } from "./alarm-record.ts";
import { QueryResults } from "./metric-data.ts";
import { isSeries } from "./metric-math.ts";
import type { MetricStore } from "./metric-store.ts";

const job = "cloudwatch.evaluate";
const actionJob = "cloudwatch.alarm-action";

/** Alarms are evaluated once a minute, those of short periods every ten seconds. Source: "Using Amazon CloudWatch alarms". */
const usualTurnMs = 60_000;
const shortTurnMs = 10_000;
/** History kept of one alarm; AWS keeps 30 days. */
const maxHistory = 500;

interface PendingAction {
  arn: string;
  before: AlarmRecord;
  after: AlarmRecord;
}

/** Evaluates alarms on the cloud's clock, and carries out what a change of state brings. */
export class AlarmWatch {
  readonly #kernel: Kernel;
  readonly #metrics: MetricStore;
  readonly alarms: Collection<AlarmRecord>;
  readonly #history: Collection<AlarmHistoryRecord>;

  constructor(kernel: Kernel, metrics: MetricStore) {
    this.#kernel = kernel;
    this.#metrics = metrics;
    this.alarms = kernel.store.collection("cloudwatch.alarms");
    this.#history = kernel.store.collection("cloudwatch.alarm-history");
    kernel.jobs.on<{ name: string }>(job, ({ name }) => this.#turn(name));
    kernel.jobs.on<PendingAction>(actionJob, (action) => this.#act(action));
  }

  /** Begins to evaluate an alarm, or goes on after its configuration changed. */
  watch(name: string): void {
    const alarm = this.alarms.get(name);
    if (alarm) this.#plan(alarm);
  }

  forget(name: string): void {
    this.alarms.delete(name);
    this.#kernel.jobs.cancel(`${job}:${name}`);
  }

  /** Newest first. */
  history(name: string | undefined): Readonly<AlarmHistoryRecord>[] {
    const found = this.#history.list(name === undefined ? "" : `${name}|`);
    return found.sort((a, b) => b.atMs - a.atMs);
  }

  note(name: string, type: AlarmHistoryRecord["type"], summary: string, data: object): void {
    const keys = this.#history.keys(`${name}|`);
    const last = keys.at(-1);
    const number = last === undefined ? 0 : Number(last.slice(last.lastIndexOf("|") + 1)) + 1;
    const record = { name, atMs: this.#kernel.clock.now(), type, summary, data: JSON.stringify(data) };
    this.#history.put(`${name}|${String(number).padStart(8, "0")}`, record);
    const [oldest] = keys;
    if (keys.length >= maxHistory && oldest !== undefined) this.#history.delete(oldest);
  }

  /** Sets a state with its reason; a change is announced and acted on. */
  enter(before: Readonly<AlarmRecord>, state: AlarmState, reason: string, reasonData?: string): void {
    const now = this.#kernel.clock.now();
    const { reasonData: _, ...rest } = before;
    const after: AlarmRecord = {
      ...rest,
      state,
      reason,
      ...(reasonData !== undefined && { reasonData }),
      stateUpdatedAtMs: now,
      transitionedAtMs: state === before.state ? before.transitionedAtMs : now,
    };
    this.alarms.put(after.name, after);
    if (state === before.state) return;
    this.note(after.name, "StateUpdate", `Alarm updated from ${before.state} to ${state}`, {
      version: "1.0",
      oldState: { stateValue: before.state, stateReason: before.reason },
      newState: { stateValue: state, stateReason: reason },
    });
    this.#kernel.emit("aws.event", stateChangeEvent(this.#kernel, before, after));
    if (!after.actionsEnabled) return;
    for (const arn of actionsOf(after)) {
      this.#kernel.jobs.schedule<PendingAction>(actionJob, now, { arn, before, after });
    }
  }

  #plan(alarm: Readonly<AlarmRecord>): void {
    const everyMs = alarm.periodSeconds < 60 ? shortTurnMs : usualTurnMs;
    const nextMs = (Math.floor(this.#kernel.clock.now() / everyMs) + 1) * everyMs;
    this.#kernel.jobs.schedule(job, nextMs, { name: alarm.name }, `${job}:${alarm.name}`);
  }

  #turn(name: string): void {
    const alarm = this.alarms.get(name);
    if (!alarm) return;
    this.#evaluate(alarm);
    this.#plan(alarm);
  }

  #evaluate(alarm: Readonly<AlarmRecord>): void {
    const comparison = comparisons[alarm.comparison];
    if (!comparison) return;
    const values = this.#values(alarm);
    const { evaluationPeriods, datapointsToAlarm, treatMissing, threshold } = alarm;
    const breaches = (value: number) => comparison.breaches(value, threshold);
    const decision = decideAlarm(values, { evaluationPeriods, datapointsToAlarm, treatMissing, breaches });
    if (decision.state === "retain" || decision.state === alarm.state) return;
    const reasonData = JSON.stringify({
      version: "1.0",
      queryDate: new Date(this.#kernel.clock.now()).toISOString().replace("Z", "+0000"),
      period: alarm.periodSeconds,
      recentDatapoints: decision.used,
      threshold,
    });
    this.enter(alarm, decision.state, reasonOf(alarm, decision, comparison.words), reasonData);
  }

  /** The watched value of each period that is over, oldest first. */
  #values(alarm: Readonly<AlarmRecord>): (number | undefined)[] {
    const periodMs = alarm.periodSeconds * 1000;
    const stepMs = Math.min(periodMs, usualTurnMs);
    const endMs = Math.floor(this.#kernel.clock.now() / stepMs) * stepMs;
    const count = alarm.evaluationPeriods + extraPeriods;
    const startMs = endMs - count * periodMs;
    const results = new QueryResults(this.#metrics, alarm.queries, { startMs, endMs, exact: true });
    const value = results.value(watchedQuery(alarm).Id ?? "");
    return Array.from({ length: count }, (_, index) => {
      if (typeof value === "number") return value;
      const series = isSeries(value) ? value : (value[0] ?? []);
      return series.find((point) => point.timeMs === startMs + index * periodMs)?.value;
    });
  }

  async #act({ arn, before, after }: PendingAction): Promise<void> {
    const source = alarmArn(this.#kernel, after.name);
    try {
      if (arn.startsWith("arn:aws:sns:")) {
        const caller = this.#kernel.serviceCaller("cloudwatch.amazonaws.com", source);
        const input = { TopicArn: arn, ...notification(this.#kernel, before, after) };
        await this.#kernel.call("sns", "Publish", input, caller);
      } else {
        const caller = this.#kernel.serviceCaller("lambda.alarms.cloudwatch.amazonaws.com", source);
        const event = stateChangeEvent(this.#kernel, before, after);
        const Payload = new TextEncoder().encode(JSON.stringify({ ...event, alarmArn: source }));
        await this.#kernel.call("lambda", "Invoke", { FunctionName: arn, InvocationType: "Event", Payload }, caller);
      }
      this.note(after.name, "Action", `Successfully executed action ${arn}`, { actionState: "Succeeded", action: arn });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      const data = { actionState: "Failed", action: arn, error: error.message };
      this.note(after.name, "Action", `Failed to execute action ${arn}. Received error: "${error.message}"`, data);
    }
  }
}

function actionsOf(alarm: Readonly<AlarmRecord>): string[] {
  if (alarm.state === "ALARM") return alarm.alarmActions;
  return alarm.state === "OK" ? alarm.okActions : alarm.insufficientDataActions;
}

function reasonOf(alarm: Readonly<AlarmRecord>, { state, used, filled }: AlarmDecision, words: string): string {
  const plural = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;
  if (state === "INSUFFICIENT_DATA") {
    return `Insufficient Data: ${plural(filled, "datapoint")} ${filled === 1 ? "was" : "were"} unknown.`;
  }
  if (used.length === 0) {
    const treated = alarm.treatMissing === "breaching" ? "Breaching" : "NonBreaching";
    return `Threshold Crossed: no datapoints were received for ${plural(filled, "period")} and ${plural(filled, "missing datapoint")} ${filled === 1 ? "was" : "were"} treated as [${treated}].`;
  }
  const list = used.map((value) => value.toFixed(1)).join(", ");
  const verb = used.length === 1 ? "was" : "were";
  const not = state === "OK" ? "not " : "";
  return `Threshold Crossed: ${plural(used.length, "datapoint")} [${list}] ${verb} ${not}${words} the threshold (${alarm.threshold.toFixed(1)}).`;
}
