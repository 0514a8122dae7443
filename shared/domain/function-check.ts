import * as z from "zod/mini";
import type { CheckReport } from "./verdict.ts";

/** The user's own check functions of a stage: no other function of the account may be asked. */
export function checkFunctionName(stage: string, name: string): string {
  return `kiln-${stage}-check-${name}`;
}

const answer = z.object({ verdict: z.enum(["pass", "fail"]), reason: z.optional(z.string()) });

/** Judges what a user's function answered. Anything but a verdict in so many words says nothing. */
export function judgeAnswer(name: string, answered: { text: string } | { problem: string }): CheckReport {
  const check = `function ${name}`;
  const silent = (reason: string): CheckReport => ({ check, verdict: "inconclusive", reason });
  if ("problem" in answered) return silent(answered.problem);
  const parsed = answer.safeParse(parsedJson(answered.text));
  if (!parsed.success) {
    return silent(`it answered ${answered.text.slice(0, 200)} instead of {"verdict":"pass"} or {"verdict":"fail"}`);
  }
  const { verdict, reason } = parsed.data;
  return { check, verdict, reason: reason?.slice(0, 1000) ?? `it said ${verdict}` };
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
