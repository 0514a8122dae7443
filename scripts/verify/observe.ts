import type { Connection } from "../../cli/aws/connection.ts";
import { firstDifference } from "../conformance/compare.ts";
import type { RecordedExecution } from "../conformance/executions.ts";
import type { RecordedPattern } from "../conformance/patterns.ts";
import { Account } from "./account.ts";
import type { Check, Observation } from "./check.ts";
import { recordExecutions, recordPatterns } from "./recordings.ts";

/** What was seen when a check was made; the conformance command makes the same check on the embedded cloud. */
export interface RecordedObservation extends Observation {
  name: string;
  check: string;
}

export type Recorded = RecordedObservation | RecordedExecution | RecordedPattern;

export interface Observed {
  recorded: Recorded[];
  /** Checks that did not see what is assumed, or did not come to an end; each as a sentence. */
  differences: string[];
  /** Things that could not be taken away again. */
  left: string[];
}

export interface ObserveOptions {
  connection: Connection;
  runId: string;
  pollMs: number;
  checks: readonly Check[];
  /** Whether executions and patterns are recorded too. */
  recordings: boolean;
  say: (line: string) => void;
  /** Set when a person wants to stop: no further check begins. */
  stopping: () => boolean;
}

/** Makes checks one after the other. Each takes away what it made, also when it failed. */
export async function observe(options: ObserveOptions): Promise<Observed> {
  const observed: Observed = { recorded: [], differences: [], left: [] };
  for (const check of options.checks) {
    if (options.stopping()) return observed;
    await within(options, observed, check.name, async (account) => {
      const seen = await check.run(account);
      observed.recorded.push({ name: check.name, check: check.name, ...seen });
      const difference = firstDifference(check.assumed, seen.facts);
      options.say(`${difference === undefined ? "as assumed" : "DIFFERS"}  ${check.name}  ${JSON.stringify(seen)}`);
      if (difference !== undefined)
        observed.differences.push(`${check.name}${difference.replaceAll("recorded", "assumed")}`);
    });
  }
  if (!options.recordings || options.stopping()) return observed;
  await within(options, observed, "executions", async (account) => {
    observed.recorded.push(...(await recordExecutions(account)));
  });
  await within(options, observed, "event patterns", async (account) => {
    observed.recorded.push(...(await recordPatterns(account)));
  });
  return observed;
}

async function within(
  { connection, runId, pollMs, say }: ObserveOptions,
  observed: Observed,
  name: string,
  run: (account: Account) => Promise<void>,
): Promise<void> {
  const account = new Account({ connection, runId, pollMs, say });
  try {
    await run(account);
  } catch (error) {
    observed.differences.push(`${name} did not come to an end: ${(error as Error).name}: ${(error as Error).message}`);
    say(`FAILED  ${name}  ${(error as Error).message}`);
  } finally {
    observed.left.push(...(await account.leave()));
    account.destroy();
  }
}
