import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { commandsOf } from "../../cli/command-tree.ts";
import { kilnProgram, runProgram } from "../../cli/program.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "kiln-cli-"));
  vi.stubEnv("KILN_HOME", home);
  vi.stubEnv("AWS_ENDPOINT_URL", "");
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true, force: true });
});

async function kiln(...args: string[]) {
  const ran = { stdout: "", stderr: "", code: 0 };
  await runProgram(args, {
    stdout: { write: (text: string) => (ran.stdout += text) },
    stderr: { write: (text: string) => (ran.stderr += text) },
    setExitCode: (code) => {
      ran.code = code;
    },
  });
  return ran;
}

const nowhere = { write() {} };
const commands = commandsOf(kilnProgram({ stdout: nowhere, stderr: nowhere, setExitCode() {} })).map(
  ({ path }) => path,
);

test.each(commands)("kiln %s --help shows an example", async (command) => {
  const { stdout, code } = await kiln(...command.split(" "), "--help");
  expect(code).toBe(0);
  expect(stdout).toMatch(/\nExamples?:\n {2}\$ /);
  expect(stdout).toContain("--stage");
});

test.each([
  [],
  ["nonsense"],
  ["status", "--nonsense"],
  ["rollback"],
  ["status", "web", "two"],
  ["service"],
  ["service", "apply"],
  ["up", "--port", "x"],
  ["rollback", "web", "--to", "api-000001"],
  ["drill", "web", "--percent", "50"],
  ["drill", "web", "--seconds", "soon"],
  ["push"],
  ["push", "no/such/file.tgz"],
])("wrong usage has exit code 2 and three lines: kiln %s", async (...args) => {
  const { stdout, stderr, code } = await kiln(...args);
  expect(code).toBe(2);
  expect(stdout).toBe("");
  expect(stderr.trimEnd().split("\n")).toHaveLength(3);
  expect(stderr).toMatch(/^error: .+\nstate: Nothing was done\.\nto do: .+\n$/);
});

test("wrong usage with --json is an object on stdout", async () => {
  const { stdout, code } = await kiln("status", "--nonsense", "--json");
  expect(code).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({ exitCode: 2, error: { name: "WrongUsage" } });
});

test("says how to start a cloud when none runs", async () => {
  const { stderr, code } = await kiln("status");
  expect(code).toBe(1);
  expect(stderr).toContain("error: No embedded cloud runs here, and AWS was not asked for.");
  expect(stderr).toContain("npm run kiln -- up");
});

test("refuses --aws together with an endpoint, because only one can be meant", async () => {
  vi.stubEnv("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
  const { stderr, code } = await kiln("status", "--aws");
  expect(code).toBe(2);
  expect(stderr).toContain("--aws was given while AWS_ENDPOINT_URL is set.");
});

test("env prints what a shell needs for the endpoint that is set", async () => {
  vi.stubEnv("AWS_ENDPOINT_URL", "http://127.0.0.1:4999");
  vi.stubEnv("AWS_ACCESS_KEY_ID", undefined);
  vi.stubEnv("AWS_PROFILE", undefined);
  vi.stubEnv("AWS_REGION", undefined);
  vi.stubEnv("AWS_DEFAULT_REGION", undefined);
  const { stdout } = await kiln("env");
  expect(stdout.split("\n")).toEqual([
    "unset AWS_SESSION_TOKEN AWS_PROFILE",
    "export AWS_ENDPOINT_URL=http://127.0.0.1:4999",
    "export AWS_REGION=us-east-1",
    "export AWS_DEFAULT_REGION=us-east-1",
    "export AWS_ACCESS_KEY_ID=AKIAKILNLOCALADMIN00",
    "export AWS_SECRET_ACCESS_KEY=kiln-local-secret-not-for-aws",
    "",
  ]);
});
