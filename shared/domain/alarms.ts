import type { CheckReport } from "./verdict.ts";

/** State of a CloudWatch alarm; undefined for one that does not exist. */
export type AlarmState = "OK" | "ALARM" | "INSUFFICIENT_DATA" | undefined;

/** The alarms that a spec names, each with its state now. */
export type AlarmStates = readonly {
  name: string;
  state: AlarmState;
  /** How far back an alarm looks: its period times its evaluation periods. Undefined where its description does not say. */
  lookBackSeconds?: number;
}[];

/** Names of the alarms that are red, or gone, in words for a person; undefined when there are none. */
export function redAlarms(alarms: AlarmStates): string | undefined {
  const red = alarms.flatMap(({ name, state }) => {
    if (state === "ALARM") return [`${name} is red`];
    return state === undefined ? [`${name} does not exist`] : [];
  });
  return red.length > 0 ? red.join(", ") : undefined;
}

/** The verdict of alarms on a release that serves: each must be green; one without data says nothing. */
export function judgeAlarms(alarms: AlarmStates): CheckReport {
  const evidence = Object.fromEntries(alarms.map(({ name, state }) => [name, state ?? "gone"]));
  const red = redAlarms(alarms);
  if (red) return { check: "alarms", verdict: "fail", reason: red, evidence };
  const silent = alarms.filter(({ state }) => state === "INSUFFICIENT_DATA").map(({ name }) => name);
  if (silent.length > 0) {
    const reason = `${silent.join(", ")}: no data (if none is good, let the alarm treat missing data as not breaching)`;
    return { check: "alarms", verdict: "inconclusive", reason, evidence };
  }
  return { check: "alarms", verdict: "pass", reason: `${alarms.length} green`, evidence };
}
