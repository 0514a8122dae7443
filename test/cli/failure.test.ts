import { expect, test } from "vitest";
import { asFailure, CommandFailure, failureLines } from "../../cli/failure.ts";
import { outputTo } from "../../cli/output.ts";
import { UnknownServiceError } from "../../shared/errors.ts";

function recorder() {
  const written = { stdout: "", stderr: "" };
  const stream = (name: keyof typeof written) => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  return { written, streams: { stdout: stream("stdout"), stderr: stream("stderr") } };
}

const failure = new CommandFailure({
  name: "SpecInvalid",
  what: "kiln.yaml is no valid service spec: 1 problem.",
  details: ["kiln.yaml:3: port: too small"],
  left: "Nothing was done.",
  fix: "Mend it.",
});

test("a failure is what happened, the state it left and what to do, with its findings below the first line", () => {
  expect(failureLines(failure)).toEqual([
    "error: kiln.yaml is no valid service spec: 1 problem.",
    "  kiln.yaml:3: port: too small",
    "state: Nothing was done.",
    "to do: Mend it.",
  ]);
});

test("with --json the last line of stdout is one object, also for a failure", () => {
  const { written, streams } = recorder();
  const output = outputTo(streams, true);
  output.progress("working");
  output.failure(failure);
  expect(JSON.parse(written.stdout)).toEqual({
    error: {
      name: "SpecInvalid",
      what: "kiln.yaml is no valid service spec: 1 problem.",
      left: "Nothing was done.",
      fix: "Mend it.",
      details: ["kiln.yaml:3: port: too small"],
    },
    exitCode: 1,
  });
  expect(written.stdout.split("\n")).toHaveLength(2);
  expect(written.stderr).toContain("working\nerror: ");
});

test("without --json a failure writes nothing to stdout", () => {
  const { written, streams } = recorder();
  outputTo(streams, false).failure(failure);
  expect(written.stdout).toBe("");
});

test("a line that would be replaced is not shown where there is no terminal", () => {
  const { written, streams } = recorder();
  outputTo(streams, false).transient("50 %");
  expect(written.stderr).toBe("");
});

test("Kiln's own errors bring their fix along", () => {
  const error = new UnknownServiceError("There is no spec of web.", "Apply one.");
  expect(failureLines(asFailure(error, "Nothing was pushed."))).toEqual([
    "error: There is no spec of web.",
    "state: Nothing was pushed.",
    "to do: Apply one.",
  ]);
});

test("AWS's errors are named, and denied permissions say so", () => {
  const error = Object.assign(new Error("User x is not authorized to perform: s3:PutObject"), { name: "AccessDenied" });
  expect(asFailure(error, "Unknown.")).toMatchObject({
    name: "AccessDenied",
    message: "AccessDenied: User x is not authorized to perform: s3:PutObject",
    fix: "Use credentials that allow this action.",
  });
});
