import { connectTo } from "../../cli/aws/connection.ts";
import { type RunningCloud, startCloud } from "../../local/cloud.ts";
import { firstDifference } from "../conformance/compare.ts";
import { checks } from "./checks.ts";
import { observe, type RecordedObservation } from "./observe.ts";

/** An embedded cloud for checks: empty, and much faster than AWS. */
export function cloudForChecks(): Promise<RunningCloud> {
  return startCloud({ port: 0, stateDirectory: undefined, timeFactor: 60, log: () => {} });
}

/** Unit: milliseconds. */
export const embeddedPollMs = 100;

/**
 * Makes recorded checks again on an embedded cloud.
 * @returns For each the first difference, or undefined where the embedded cloud does as AWS did.
 */
export async function checkObservations(recorded: readonly RecordedObservation[]): Promise<(string | undefined)[]> {
  const cloud = await cloudForChecks();
  try {
    const results: (string | undefined)[] = [];
    for (const one of recorded) results.push(await checkObservation(cloud, one));
    return results;
  } finally {
    await cloud.stop();
  }
}

async function checkObservation(cloud: RunningCloud, recorded: RecordedObservation): Promise<string | undefined> {
  const check = checks.find(({ name }) => name === recorded.check);
  if (check === undefined) return `there is no check ${recorded.check}`;
  const observed = await observe({
    connection: connectTo(cloud.endpoint),
    runId: "again",
    pollMs: embeddedPollMs,
    checks: [{ ...check, assumed: recorded.facts }],
    recordings: false,
    say: () => {},
    stopping: () => false,
  });
  const again = observed.recorded.find((one): one is RecordedObservation => "check" in one);
  if (again === undefined) return observed.differences.join("; ");
  return firstDifference(recorded.facts, again.facts);
}
