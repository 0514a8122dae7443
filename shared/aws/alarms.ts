import {
  type AlarmType,
  type CloudWatchClient,
  DescribeAlarmsCommand,
  type MetricAlarm,
} from "@aws-sdk/client-cloudwatch";
import type { AlarmState, AlarmStates } from "../domain/alarms.ts";

/** CloudWatch alarms of the user's own, polled: one that is red already emits nothing. */
export class Alarms {
  readonly #cloudwatch: CloudWatchClient;

  constructor(cloudwatch: CloudWatchClient) {
    this.#cloudwatch = cloudwatch;
  }

  /** States now, in the order of the names. Unit: at most 100 names (DescribeAlarms AlarmNames). */
  async states(names: readonly string[]): Promise<AlarmStates> {
    if (names.length === 0) return [];
    const AlarmTypes: AlarmType[] = ["MetricAlarm", "CompositeAlarm"];
    const found = await this.#cloudwatch.send(new DescribeAlarmsCommand({ AlarmNames: [...names], AlarmTypes }));
    const all = [...(found.MetricAlarms ?? []), ...(found.CompositeAlarms ?? [])];
    return names.map((name) => {
      const looksBack = lookBackOf(found.MetricAlarms?.find(({ AlarmName }) => AlarmName === name));
      const state = stateOf(all.find(({ AlarmName }) => AlarmName === name));
      return { name, state, ...(looksBack !== undefined && { lookBackSeconds: looksBack }) };
    });
  }
}

/** A composite alarm does not say it, nor does one of a query that has no period of its own. */
function lookBackOf(alarm: MetricAlarm | undefined): number | undefined {
  if (!alarm) return undefined;
  const periods = [alarm.Period, ...(alarm.Metrics ?? []).map((one) => one.Period ?? one.MetricStat?.Period)];
  const longest = Math.max(...periods.map((period) => period ?? 0));
  return longest > 0 ? longest * (alarm.EvaluationPeriods ?? 1) : undefined;
}

function stateOf(alarm: { StateValue?: string | undefined } | undefined): AlarmState {
  const state = alarm?.StateValue;
  // A state that is not known here says nothing.
  return alarm && (state === "OK" || state === "ALARM" ? state : "INSUFFICIENT_DATA");
}
