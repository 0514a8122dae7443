import { readFileSync } from "node:fs";
import { relative } from "node:path";

/** What is read here of the file that vitest's JSON reporter writes. */
interface Report {
  numPassedTests: number;
  numFailedTests: number;
  testResults: TestFile[];
}

interface TestFile {
  name: string;
  status: string;
  message?: string;
  assertionResults: { fullName: string; status: string; failureMessages?: string[] }[];
}

/** The counts of a finished run, and a line for each failure: where, what, and the first line of why. */
export function readVitestReport(file: string): { passed: number; failed: number; failures: string[] } {
  const report: Report = JSON.parse(readFileSync(file, "utf8"));
  const failures = report.testResults.filter(({ status }) => status === "failed").flatMap(failuresOf);
  return { passed: report.numPassedTests, failed: failures.length, failures };
}

function failuresOf({ name, message, assertionResults }: TestFile): string[] {
  const where = relative(process.cwd(), name);
  const failed = assertionResults.filter(({ status }) => status === "failed");
  // A file that could not be loaded, or whose set-up failed: none of its tests ran.
  if (failed.length === 0) return [`${where}: ${firstLine(message) ?? "its set-up failed"}`];
  return failed.map(
    ({ fullName, failureMessages }) =>
      `${where} > ${fullName}: ${firstLine(failureMessages?.[0]) ?? "it does not say why"}`,
  );
}

function firstLine(text: string | undefined): string | undefined {
  return text
    ?.split("\n")
    .map((line) => line.trim())
    .find((line) => line !== "");
}
