import { CommandFailure } from "../failure.ts";
import type { Followed } from "./follow.ts";

/** How an execution ended, as commands print it with `--json`. */
export interface Outcome {
  execution: string;
  /** The end state: `Live`, `Skipped`, `RolledBack`, `Swept`. */
  end: string;
  /** Why nothing was to be done, for `Skipped`. */
  reason?: string;
  generation?: string;
  seconds: number;
  phases: Followed["phases"];
}

/** What to do about a deploy that failed clean. */
export const mendAndPush = "Mend what it names and push again.";

/**
 * What a followed execution means for its command.
 * @param asked What was asked, for a person (`Deploy of web`), and what to do when it failed clean.
 * @throws {CommandFailure} Exit code 1 when it failed and left nothing, 3 when something is left or nobody knows.
 */
export function outcomeOf(followed: Followed, asked: { what: string; fix: string }): Outcome {
  const { what } = asked;
  const { execution, ending, seconds, phases } = followed;
  if (ending.status === "SUCCEEDED") {
    const output = ending.output as { reason?: string; release?: { generation?: string } | null } | undefined;
    return {
      execution,
      end: ending.state,
      ...(ending.state === "Skipped" && { reason: output?.reason ?? "no reason was given" }),
      seconds,
      phases,
    };
  }
  const why = [ending.error, ending.cause].filter((part) => part !== undefined && part !== "").join(": ");
  if (ending.status === "FAILED" && ending.state === "FailedClean") {
    throw new CommandFailure({
      name: ending.error ?? "FailedClean",
      what: `${what} failed: ${why}`,
      left: "Nothing of it is left, and what was live has served throughout.",
      fix: `${asked.fix} Every step is in ${execution}.`,
    });
  }
  throw new CommandFailure({
    name: ending.error ?? ending.status,
    what: `${what} ended ${ending.status} in ${ending.state || "its first state"}${why ? `: ${why}` : ""}`,
    left: "Something may be left behind; the sweep goes on with it by itself.",
    fix: "npm run kiln -- sweep --dry-run shows what is left, npm run kiln -- sweep removes it.",
    exitCode: 3,
  });
}
