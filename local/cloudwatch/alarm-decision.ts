import type { AlarmState, MissingData } from "./alarm-record.ts";

/** Periods beyond the evaluation periods that are looked at when some have no data. AWS says only that it takes more. */
export const extraPeriods = 2;

export interface AlarmDecision {
  /** `retain` leaves the alarm as it is. */
  state: AlarmState | "retain";
  /** The values the decision rests on, newest first. */
  used: readonly number[];
  /** How many missing values had to be stood in for. */
  filled: number;
}

/**
 * Decides the state of an alarm. Source: "Configuring how CloudWatch alarms treat missing data", whose two tables are the
 * test of this function.
 * @param values One of each period, oldest first, undefined where there is no data; some more than `evaluationPeriods`.
 */
export function decideAlarm(
  values: readonly (number | undefined)[],
  rule: {
    evaluationPeriods: number;
    datapointsToAlarm: number;
    treatMissing: MissingData;
    breaches: (value: number) => boolean;
  },
): AlarmDecision {
  const { evaluationPeriods, datapointsToAlarm, treatMissing, breaches } = rule;
  const newestFirst = [...values].reverse();
  const recent = newestFirst.slice(0, evaluationPeriods);
  // With nothing missing lately, older values do not matter; otherwise they stand in for what is missing.
  const source = recent.every((value) => value !== undefined) ? recent : newestFirst;
  const used = source.filter((value) => value !== undefined).slice(0, evaluationPeriods);
  const filled = evaluationPeriods - used.length;
  const breaching = used.filter(breaches).length;
  const assumed = treatMissing === "breaching" ? filled : 0;
  if (breaching + assumed >= datapointsToAlarm) return { state: "ALARM", used, filled };
  if (filled === 0 || treatMissing === "breaching" || treatMissing === "notBreaching") {
    return { state: "OK", used, filled };
  }
  if (used.length === 0) return { state: treatMissing === "ignore" ? "retain" : "INSUFFICIENT_DATA", used, filled };
  if (breaching < used.length) return { state: "OK", used, filled };
  return { state: treatMissing === "ignore" ? "retain" : "ALARM", used, filled };
}

/** Comparison operators by the words of the API. */
export const comparisons: Readonly<
  Record<string, { words: string; breaches: (value: number, threshold: number) => boolean }>
> = {
  GreaterThanOrEqualToThreshold: { words: "greater than or equal to", breaches: (value, limit) => value >= limit },
  GreaterThanThreshold: { words: "greater than", breaches: (value, limit) => value > limit },
  LessThanThreshold: { words: "less than", breaches: (value, limit) => value < limit },
  LessThanOrEqualToThreshold: { words: "less than or equal to", breaches: (value, limit) => value <= limit },
};
