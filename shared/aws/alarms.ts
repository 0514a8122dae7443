import { type AlarmType, type CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
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
    return names.map((name) => ({ name, state: stateOf(all.find(({ AlarmName }) => AlarmName === name)) }));
  }
}

function stateOf(alarm: { StateValue?: string | undefined } | undefined): AlarmState {
  const state = alarm?.StateValue;
  // A state that is not known here says nothing.
  return alarm && (state === "OK" || state === "ALARM" ? state : "INSUFFICIENT_DATA");
}
