import type { Datapoint } from "./metric-store.ts";

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function mean(values: number[]): number {
  return sum(values) / values.length;
}

/** Functions that make one number of many. */
export const aggregates: Readonly<Record<string, (values: number[]) => number>> = {
  SUM: sum,
  AVG: mean,
  MIN: (values) => Math.min(...values),
  MAX: (values) => Math.max(...values),
  STDDEV: (values) => Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2))),
};

function differences(series: Datapoint[]): Datapoint[] {
  return series.slice(1).map(({ timeMs, value }, index) => ({ timeMs, value: value - (series[index]?.value ?? 0) }));
}

function pointwise(change: (value: number) => number) {
  return (series: Datapoint[]) => series.map(({ timeMs, value }) => ({ timeMs, value: change(value) }));
}

/** Functions that make a series of a series. */
export const seriesFunctions: Readonly<Record<string, (series: Datapoint[], periodSeconds: number) => Datapoint[]>> = {
  ABS: pointwise(Math.abs),
  CEIL: pointwise(Math.ceil),
  FLOOR: pointwise(Math.floor),
  LOG: pointwise(Math.log),
  LOG10: pointwise(Math.log10),
  DIFF: differences,
  RATE: (series) =>
    differences(series).map(({ timeMs, value }, index) => {
      const elapsedMs = timeMs - (series[index]?.timeMs ?? timeMs);
      return { timeMs, value: value / (elapsedMs / 1000) };
    }),
  RUNNING_SUM: (series) => {
    let running = 0;
    return series.map(({ timeMs, value }) => {
      running += value;
      return { timeMs, value: running };
    });
  },
};

/** The words by which FILL says what stands for a missing instant. */
export const fillings: Readonly<Record<string, (series: Datapoint[], times: number[]) => Datapoint[]>> = {
  REPEAT: (series, times) => {
    const known = new Map(series.map((point) => [point.timeMs, point.value]));
    let last: number | undefined;
    return times.flatMap((timeMs) => {
      last = known.get(timeMs) ?? last;
      return last === undefined ? [] : [{ timeMs, value: last }];
    });
  },
  LINEAR: (series, times) => {
    const first = series[0]?.timeMs ?? Infinity;
    const last = series.at(-1)?.timeMs ?? -Infinity;
    return times
      .filter((timeMs) => timeMs >= first && timeMs <= last)
      .map((timeMs) => ({ timeMs, value: between(series, timeMs) }));
  },
};

function between(series: Datapoint[], timeMs: number): number {
  const after = series.find((point) => point.timeMs >= timeMs);
  const before = series.findLast((point) => point.timeMs <= timeMs);
  if (!after || !before || after === before) return (after ?? before)?.value ?? 0;
  const share = (timeMs - before.timeMs) / (after.timeMs - before.timeMs);
  return before.value + (after.value - before.value) * share;
}
