import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { expect, test } from "vitest";
import { commandsOf } from "../../../cli/command-tree.ts";
import { diff } from "../../../cli/commands/diff.ts";
import { billOfMaterials } from "../../../cli/commands/releases-sbom.ts";
import { showRelease } from "../../../cli/commands/releases-show.ts";
import { why } from "../../../cli/commands/why.ts";
import { outcomeOf } from "../../../cli/execution/outcome.ts";
import { readStatus } from "../../../cli/explain/service-status.ts";
import { failureSchema, resultSchemas } from "../../../cli/json/schemas.ts";
import { kilnProgram, runProgram } from "../../../cli/program.ts";
import { settledStage } from "../support/fake-stage.ts";

/** What a program reads: JSON has no undefined. */
const printed = (json: unknown) => JSON.parse(JSON.stringify(json));

function expectToMatch(command: string, json: unknown): void {
  const parsed = resultSchemas[command]?.safeParse(printed(json));
  expect(parsed?.error?.issues ?? (parsed ? [] : "there is no schema")).toEqual([]);
}

async function kiln(...args: string[]) {
  let stdout = "";
  await runProgram(args, {
    stdout: { write: (text) => (stdout += text) },
    stderr: { write() {} },
    setExitCode() {},
  });
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
}

test("every command has a schema, and every schema a command", () => {
  const program = kilnProgram({ stdout: { write() {} }, stderr: { write() {} }, setExitCode() {} });
  const paths = commandsOf(program).map(({ path }) => path);
  expect(Object.keys(resultSchemas).sort()).toEqual(paths.sort());
  expect(commandsOf(new Command("empty"))).toEqual([]);
});

test("what commands read of a stage matches their schemas", async () => {
  const stage = settledStage();
  expectToMatch("why", (await why(stage, "web")).json);
  expectToMatch("diff", (await diff(stage, "web-000001", "web-000002")).json);
  expectToMatch("releases show", (await showRelease(stage, "web-000002")).json);
  expectToMatch("releases sbom", await billOfMaterials(stage, "web-000002"));
  expectToMatch("status", { stage: "dev", services: [await readStatus(stage, "web")], experiments: [] });
});

test("a release is never shown with the secret of its trial rule", async () => {
  const { json, text } = await showRelease(settledStage(), "web-000002");
  expect(JSON.stringify(json) + text).not.toContain("the-trial-secret");
});

test("how an execution ended matches the schemas of the commands that follow one", () => {
  const phases = [{ state: "Admit", atSeconds: 0, seconds: 4, turns: 1, failures: 0 }];
  const ending = {
    status: "SUCCEEDED",
    state: "Skipped",
    atMs: 1,
    error: undefined,
    cause: undefined,
    output: {},
  } as const;
  const outcome = outcomeOf({ execution: "arn:e", ending, seconds: 4, phases }, { what: "Deploy", fix: "" });
  expectToMatch("deploy", { service: "web", ...outcome });
  expectToMatch("rollback", { service: "web", execution: "arn:e", end: null });
  const pushed = { service: "web", version: "1", commit: null, key: "web/1.tgz", versionId: "v", bytes: 1 };
  expectToMatch("push", { ...pushed, ...outcome });
  expectToMatch("push", { ...pushed, end: null });
  expectToMatch("sweep", { ...outcome, plan: [] });
});

test("commands that need no cloud print what their schemas say", async () => {
  const directory = mkdtempSync(join(tmpdir(), "kiln-json-"));
  expectToMatch("init", await kiln("init", directory, "--service", "web", "--json"));
  rmSync(directory, { recursive: true, force: true });
  expectToMatch("completion", await kiln("completion", "fish", "--json"));
});

test("a failure is one object, whatever the command", async () => {
  const failed = await kiln("diff", "web-000001", "api-000001", "--json");
  expect(failureSchema.safeParse(failed).error).toBeUndefined();
  expect(failed).toMatchObject({ exitCode: 2, error: { name: "WrongUsage" } });
});

test("a field that is not described is noticed", () => {
  const { success = true } =
    resultSchemas["diff"]?.safeParse({ from: "a", to: "b", sameImage: true, differences: [], more: 1 }) ?? {};
  expect(success).toBe(false);
});
