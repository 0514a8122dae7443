import { expect, test } from "vitest";
import type { Ending } from "../../../cli/execution/fold.ts";
import type { Followed } from "../../../cli/execution/follow.ts";
import { outcomeOf } from "../../../cli/execution/outcome.ts";

function followed(ending: Partial<Ending>): Followed {
  const whole = { status: "SUCCEEDED", state: "Live", atMs: 0, error: undefined, cause: undefined, output: undefined };
  return { execution: "arn:e", ending: { ...whole, ...ending } as Ending, seconds: 12, phases: [] };
}

function failureOf(ending: Partial<Ending>): unknown {
  try {
    return outcomeOf(followed(ending), { what: "Deploy of web", fix: "Push again." });
  } catch (error) {
    return error;
  }
}

test("says why nothing was to be done", () => {
  expect(
    outcomeOf(followed({ state: "Skipped", output: { reason: "superseded by a newer deploy" } }), {
      what: "x",
      fix: "",
    }),
  ).toEqual({
    execution: "arn:e",
    end: "Skipped",
    reason: "superseded by a newer deploy",
    seconds: 12,
    phases: [],
  });
});

test("a clean failure has exit code 1 and says that nothing is left", () => {
  const failure = failureOf({
    status: "FAILED",
    state: "FailedClean",
    error: "ValidationFailedError",
    cause: "it exits",
  });
  expect(failure).toMatchObject({
    name: "ValidationFailedError",
    message: "Deploy of web failed: ValidationFailedError: it exits",
    exitCode: 1,
    fix: "Push again. Every step is in arn:e.",
    left: "Nothing of it is left, and what was live has served throughout.",
  });
});

test.each([
  { status: "FAILED", state: "FailedDirty", error: "FailedDirty" },
  { status: "ABORTED", state: "BakeImage" },
  { status: "TIMED_OUT", state: "Observe" },
] as const)("$status in $state has exit code 3 and points to the sweep", (ending) => {
  const failure = failureOf(ending);
  expect(failure).toMatchObject({ exitCode: 3, fix: expect.stringContaining("sweep --dry-run") });
  expect(failure).toHaveProperty("message", expect.stringContaining(`ended ${ending.status} in ${ending.state}`));
});
