import { Random } from "../../local/core/random.ts";
import { usualJudgeSettings } from "../../shared/domain/judge/canary-judge.ts";
import { type Bench, type BenchOptions, type Measurement, median, rounded } from "../measurement.ts";
import { type Judged, judges, type Minute } from "./judges.ts";

/** Unit: requests a minute to all servers; a tenth of them goes to the candidate. */
const trafficLevels = [100, 1_000, 10_000] as const;
const candidateShare = 0.1;
/** Unit: minutes of one run. */
const runMinutes = 60;
const seed = 20_261_123;
const runs = { short: 200, large: 1_000 } as const;

/** What is wrong with a candidate, if anything. Rates are shares of the requests. */
const cases = [
  { name: "no errors at all", baseline: 0, candidate: 0, harmful: false },
  { name: "0.1 %, both", baseline: 0.001, candidate: 0.001, harmful: false },
  { name: "0.5 %, both", baseline: 0.005, candidate: 0.005, harmful: false },
  { name: "5 %, both", baseline: 0.05, candidate: 0.05, harmful: false },
  { name: "0 → 0.5 %", baseline: 0, candidate: 0.005, harmful: true },
  { name: "0 → 5 %", baseline: 0, candidate: 0.05, harmful: true },
  { name: "0.5 → 1 %", baseline: 0.005, candidate: 0.01, harmful: true },
  { name: "0.5 → 2.5 %", baseline: 0.005, candidate: 0.025, harmful: true },
  { name: "5 → 10 %", baseline: 0.05, candidate: 0.1, harmful: true },
] as const;

type Case = (typeof cases)[number];

/** False alarms, misses and time to detect of the canary judge, beside two others on the same requests. */
export const judge: Bench = { name: "judge", title: "The canary judge", run };

async function run({ large, progress }: BenchOptions): Promise<Measurement> {
  const count = large ? runs.large : runs.short;
  const rows: Row[] = [];
  for (const perMinute of trafficLevels) {
    for (const each of cases) rows.push(...compare(each, perMinute, count));
    progress(`${perMinute} requests a minute done`);
  }
  return measurement(rows, count);
}

interface Row {
  judge: string;
  perMinute: number;
  name: string;
  harmful: boolean;
  /** Shares of the runs. */
  failed: number;
  passed: number;
  undecided: number;
  /** Unit: minutes, of the runs with the right verdict; undefined when there was none. */
  rightAfter: number | undefined;
}

/** Every judge sees the same runs. */
function compare(each: Case, perMinute: number, count: number): Row[] {
  const random = new Random(seed + perMinute + cases.indexOf(each));
  const all = Array.from({ length: count }, () => simulate(each, perMinute, random));
  return judges.map(({ name, judge: decide }) => {
    const judged = all.map(decide);
    const share = (verdict: Judged["verdict"]) => judged.filter((one) => one.verdict === verdict).length / count;
    const right = judged.filter(({ verdict }) => verdict === (each.harmful ? "fail" : "pass"));
    const rightAfter = right.length > 0 ? median(right.map(({ minutes }) => minutes)) : undefined;
    const { name: what, harmful } = each;
    const shares = { failed: share("fail"), passed: share("pass"), undecided: share("inconclusive") };
    return { judge: name, perMinute, name: what, harmful, ...shares, rightAfter };
  });
}

function simulate(each: Case, perMinute: number, random: Random): Minute[] {
  const group = (requests: number, rate: number) => ({ requests, errors: errorsAmong(requests, rate, random) });
  return Array.from({ length: runMinutes }, () => ({
    baseline: group(perMinute * (1 - candidateShare), each.baseline),
    candidate: group(perMinute * candidateShare, each.candidate),
  }));
}

/** How many of so many requests fail: from one failure to the next by the geometric distribution. */
function errorsAmong(requests: number, rate: number, random: Random): number {
  if (rate === 0) return 0;
  let errors = -1;
  for (let at = 0; at <= requests; errors++) at += 1 + Math.floor(Math.log(1 - random.next()) / Math.log(1 - rate));
  return errors;
}

function measurement(rows: readonly Row[], count: number): Measurement {
  const { falseAlarmRate, missRate } = usualJudgeSettings;
  const own = rows.filter(({ judge: name }) => name === judges[0]?.name);
  const worst = (harmful: boolean, value: (row: Row) => number) =>
    Math.max(...own.filter((row) => row.harmful === harmful).map(value));
  const percent = (share: number) => rounded(share * 100, 1);
  const tables = trafficLevels.map((perMinute) => ({
    title: `${perMinute} requests a minute, ${perMinute * candidateShare} of them to the candidate`,
    header: ["Errors", "Judge", "Failed, %", "Passed, %", "Undecided, %", "Right verdict after, min"],
    rows: rows.filter((row) => row.perMinute === perMinute).map(cells),
  }));
  return {
    settings: { runs: count, minutes: runMinutes, seed },
    figures: [
      {
        name: "False alarms of the canary judge, worst case",
        value: percent(worst(false, ({ failed }) => failed)),
        unit: "%",
        atMost: falseAlarmRate * 100,
      },
      {
        name: "Harmful candidates passed, worst case",
        value: percent(worst(true, ({ passed }) => passed)),
        unit: "%",
        atMost: missRate * 100,
      },
    ],
    tables,
    notes: [
      `Each row is ${count} simulated runs of ${runMinutes} minutes; all judges see the same requests. The seed fixes every count.`,
      "Kiln's judge is asked every minute and stops at its first verdict; its rates are promises about the whole run. It may stay undecided, and says then how many requests are missing.",
      "Mann-Whitney in Kayenta's manner: error rates by the minute, 98 % confidence, a tolerance of a quarter; asked every five minutes from the tenth on, or once at the end. The threshold: more than 1 % errors over five minutes. Both pass whatever they do not fail.",
      `A candidate counts as harmful at twice the baseline's odds and more than ${usualJudgeSettings.errors.harmlessRate * 100} % errors.`,
    ],
  };
}

function cells({ name, judge: by, failed, passed, undecided, rightAfter }: Row): string[] {
  const shares = [failed, passed, undecided].map((share) => rounded(share * 100, 1).toFixed(1));
  return [name, by, ...shares, rightAfter === undefined ? "never" : String(rightAfter)];
}
