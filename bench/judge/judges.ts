import { judgeCanary, newJudge, observed, usualJudgeSettings } from "../../shared/domain/judge/canary-judge.ts";

/** One minute of both groups. */
export interface Minute {
  baseline: { requests: number; errors: number };
  candidate: { requests: number; errors: number };
}

export type Verdict = "pass" | "fail" | "inconclusive";

/** How one run was judged, and after how many minutes; a run that nobody decided lasted to its end. */
export interface Judged {
  verdict: Verdict;
  minutes: number;
}

/** A way to judge a run, asked as often as it is meant to be. */
export interface Judge {
  name: string;
  judge: (run: readonly Minute[]) => Judged;
}

/** Kiln's own, asked every minute. */
const sequential: Judge = {
  name: "Kiln",
  judge(run) {
    let memory = newJudge;
    for (const [index, minute] of run.entries()) {
      memory = observed(memory, minute, usualJudgeSettings);
      const { verdict } = judgeCanary(memory, usualJudgeSettings);
      if (verdict !== "inconclusive") return { verdict, minutes: index + 1 };
    }
    return { verdict: "inconclusive", minutes: run.length };
  },
};

/** Unit: minutes. Fewer samples are not worth a rank test. */
const firstLook = 10;
/** Unit: minutes between two looks of the rank test. */
const lookEvery = 5;

const rankOften: Judge = {
  name: "Mann-Whitney, every 5 min",
  judge(run) {
    for (let minutes = firstLook; minutes <= run.length; minutes += lookEvery) {
      if (isHigh(run.slice(0, minutes))) return { verdict: "fail", minutes };
    }
    return { verdict: "pass", minutes: run.length };
  },
};

const rankOnce: Judge = {
  name: "Mann-Whitney, at the end",
  judge: (run) => ({ verdict: isHigh(run) ? "fail" : "pass", minutes: run.length }),
};

/** Unit: minutes. */
const alarmWindow = 5;
const alarmRate = 0.01;

/** An alarm as people set it: more than 1 % errors over five minutes. */
const threshold: Judge = {
  name: "Threshold of 1 %",
  judge(run) {
    for (let minutes = alarmWindow; minutes <= run.length; minutes++) {
      const last = run.slice(minutes - alarmWindow, minutes).map(({ candidate }) => candidate);
      const requests = last.reduce((sum, one) => sum + one.requests, 0);
      const errors = last.reduce((sum, one) => sum + one.errors, 0);
      if (requests > 0 && errors / requests > alarmRate) return { verdict: "fail", minutes };
    }
    return { verdict: "pass", minutes: run.length };
  },
};

export const judges: readonly Judge[] = [sequential, rankOften, rankOnce, threshold];

/** Kayenta's usual settings: confidence 98 %, tolerance a quarter (NetflixACAJudge, MannWhitneyClassifier). */
const tolerance = 0.25;
const quantile98 = 2.326;

/**
 * Whether the candidate's error rates, one for each minute, rank higher than the baseline's: the lower end of the
 * confidence interval of the Hodges-Lehmann shift lies above a quarter of the shift itself.
 */
function isHigh(run: readonly Minute[]): boolean {
  const rates = (group: "baseline" | "candidate") =>
    run.flatMap((minute) => (minute[group].requests > 0 ? [minute[group].errors / minute[group].requests] : []));
  const [baseline, candidate] = [rates("baseline"), rates("candidate")];
  const pairs = baseline.length * candidate.length;
  if (pairs === 0) return false;
  const shifts = candidate.flatMap((one) => baseline.map((other) => one - other)).sort((a, b) => a - b);
  const spread = Math.sqrt((pairs * (baseline.length + candidate.length + 1)) / 12);
  const lower = shifts[Math.max(0, Math.floor(pairs / 2 - quantile98 * spread))] ?? 0;
  const estimate = shifts[Math.floor(shifts.length / 2)] ?? 0;
  return lower > tolerance * Math.abs(estimate);
}
