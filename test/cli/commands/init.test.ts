import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Ask } from "../../../cli/init/answers.ts";
import { runProgram } from "../../../cli/program.ts";
import { parseSpecText } from "../../../cli/spec-file.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "kiln-init-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function init(args: string[], ask?: Ask) {
  const said = { stdout: "", stderr: "", exitCode: 0 };
  await runProgram(["init", ...args], {
    stdout: { write: (text) => (said.stdout += text) },
    stderr: { write: (text) => (said.stderr += text) },
    setExitCode: (code) => {
      said.exitCode = code;
    },
    ...(ask && { ask }),
  });
  return said;
}

const written = (where = directory) => readFileSync(join(where, "kiln.yaml"), "utf8");

test("writes about ten lines that parse, with the schema for editors first", async () => {
  const target = join(directory, "shop");
  const said = await init([target, "--layer", "node-24", "--min", "2", "--health-path", "/health", "--path", "/shop*"]);
  expect(said).toMatchObject({ exitCode: 0, stderr: "" });
  const lines = written(target).trimEnd().split("\n");
  expect(lines[0]).toMatch(/^# yaml-language-server: \$schema=\S+docs\/kiln\.schema\.json$/);
  expect(lines.slice(1).filter((line) => line !== "")).toEqual([
    "service: shop",
    "layers: [ node-24 ]",
    "instanceType: t3.small",
    "port: 8080",
    "healthCheck:",
    "  path: /health",
    "capacity:",
    "  min: 2",
    "  max: 4",
    "route:",
    "  paths: [ /shop* ]",
  ]);
  expect(parseSpecText(written(target))).toMatchObject({ spec: { service: "shop", layers: ["node-24"] } });
});

test("never writes over a spec that is there, unless it is told to", async () => {
  writeFileSync(join(directory, "kiln.yaml"), "service: mine\n");
  const said = await init([directory, "--service", "web"]);
  expect(said.exitCode).toBe(1);
  expect(said.stderr).toContain("It is untouched.");
  expect(written()).toBe("service: mine\n");
  await init([directory, "--service", "web", "--force"]);
  expect(written()).toContain("service: web");
});

test("on a terminal it asks for what was not given, and takes its presets for empty answers", async () => {
  const asked: string[] = [];
  const answers: Record<string, string> = { "Servers at least": "3", "Name of the service": "shop" };
  await init([directory, "--port", "3000"], async (question, preset) => {
    asked.push(`${question} [${preset}]`);
    return answers[question] ?? "";
  });
  expect(asked).not.toContainEqual(expect.stringContaining("Port"));
  expect(asked).toContain("Servers at most [6]");
  expect(parseSpecText(written())).toMatchObject({
    spec: { service: "shop", port: 3000, capacity: { min: 3, max: 6 } },
  });
});

test("answers that make no valid spec are refused all together, and nothing is written", async () => {
  const said = await init([directory, "--service", "Not A Name", "--port", "80"]);
  expect(said.exitCode).toBe(2);
  expect(said.stderr).toContain("service: ");
  expect(said.stderr).toContain("port: ");
  expect(() => written()).toThrow("ENOENT");
});
