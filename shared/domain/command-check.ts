import type { Release } from "./release.ts";
import type { CheckReport, Verdict } from "./verdict.ts";

/** One run of a command on one instance, as Systems Manager tells it. */
export interface CommandRun {
  instanceId: string;
  /** SSM's word, such as `InProgress`, `Success`, `Failed`, `TimedOut`. Source: "Understanding command statuses". */
  status: string;
  /** -1 until the command has ended. */
  exitCode: number;
  /** The end of what it printed, both streams. */
  output: string;
}

/** Unit: characters of a command's output that are kept as evidence: the end says why. */
export const outputTail = 2000;

const openStatuses = new Set(["Pending", "InProgress", "Delayed", "Cancelling"]);

/** Whether Systems Manager will say nothing more about a run. */
export function hasEnded({ status }: Pick<CommandRun, "status">): boolean {
  return !openStatuses.has(status);
}

/**
 * What one run says. Only an exit status is an answer: a run that was cancelled, that timed out or that no agent took up
 * says nothing.
 */
export function verdictOfRun({ status, exitCode }: Pick<CommandRun, "status" | "exitCode">): Verdict {
  if (status === "Success") return "pass";
  return status === "Failed" && exitCode >= 0 ? "fail" : "inconclusive";
}

/** Judges the runs of one command; every instance that was asked has to answer. */
export function judgeRuns(name: string, asked: readonly string[], runs: readonly CommandRun[]): CheckReport {
  const check = `command ${name}`;
  const judged = runs.map((run) => ({ run, verdict: verdictOfRun(run) }));
  const telling = judged.find(({ verdict }) => verdict === "fail") ?? judged.find(({ verdict }) => verdict !== "pass");
  const evidence = runs;
  if (telling) return { check, verdict: telling.verdict, reason: runText(telling.run), evidence };
  if (runs.length < asked.length) {
    return { check, verdict: "inconclusive", reason: `${runs.length} of ${asked.length} instances answered`, evidence };
  }
  return { check, verdict: "pass", reason: `exit status 0 on ${runs.length} instances`, evidence };
}

/** One run in words: `exit status 3 on i-0a1b: table orders is missing`. */
export function runText({ instanceId, status, exitCode, output }: CommandRun): string {
  const lastLine = output.trimEnd().split("\n").at(-1)?.slice(0, 200) ?? "";
  const ended = status === "Success" || status === "Failed" ? `exit status ${exitCode}` : `it ended as ${status}`;
  return `${ended} on ${instanceId}${lastLine === "" ? "" : `: ${lastLine}`}`;
}

/**
 * A command as the agent's shell gets it: in the program's directory, with its environment, its layers' programs on PATH.
 * The agent runs as root. `KILN_ROOT` stands for "/" in the embedded cloud, as in the boot script.
 */
export function scriptFor(release: Release, stage: string, run: string): string {
  const { service, generation, layers, spec } = release;
  const names = layers.map(({ name }) => name).join(" ");
  return `root=\${KILN_ROOT:-}
cd "$root/opt/kiln/app" || exit 1
set -a
. "$root/etc/kiln/environment" || exit 1
path=
for layer in ${names}; do
  if [ -d "$root/opt/kiln/layers/$layer/bin" ]; then layer=$layer/bin; fi
  path=$path$root/opt/kiln/layers/$layer:
done
PATH=$path$PATH PORT=${spec.port}
KILN_STAGE=${stage} KILN_SERVICE=${service} KILN_GENERATION=${generation}
set +a
${run}
`;
}
