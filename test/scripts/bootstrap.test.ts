import { spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

let project: string;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "kiln-bootstrap-"));
  mkdirSync(join(project, "scripts"));
  copyFileSync("scripts/bootstrap.mjs", join(project, "scripts/bootstrap.mjs"));
  writeFileSync(join(project, "package.json"), '{"type": "module"}');
  writeLockfile("1.0.0");
  // Stands for npm: says that it ran, on stdout as npm does, and installs what the lockfile says.
  const npm = join(project, "npm.cjs");
  writeFileSync(
    npm,
    `const { cpSync, mkdirSync, symlinkSync, writeFileSync, rmSync } = require("node:fs");
     console.log("installed with", process.argv[2]);
     rmSync("node_modules", { recursive: true, force: true });
     mkdirSync("node_modules/.bin", { recursive: true }); mkdirSync("node_modules/a");
     symlinkSync(process.execPath, "node_modules/.bin/node");
     cpSync("package-lock.json", "node_modules/.package-lock.json");`,
  );
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

function writeLockfile(version: string): void {
  const other = { version: "9.9.9", optional: true, os: ["no-such-system"] };
  const packages = { "": {}, "node_modules/a": { version }, "node_modules/other": other };
  writeFileSync(join(project, "package-lock.json"), JSON.stringify({ packages }));
}

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function bootstrap(script: string, args: string[] = [], onOutput: (pid: number) => void = () => {}): Promise<Ended> {
  writeFileSync(join(project, "main.mjs"), script);
  const child = spawn(process.execPath, ["scripts/bootstrap.mjs", "main.mjs", ...args], {
    cwd: project,
    env: { ...process.env, npm_execpath: join(project, "npm.cjs") },
  });
  return new Promise((resolve) => {
    const ended: Ended = { code: null, stdout: "", stderr: "" };
    child.stdout.on("data", (chunk) => {
      ended.stdout += chunk;
      onOutput(child.pid ?? 0);
    });
    child.stderr.on("data", (chunk) => {
      ended.stderr += chunk;
    });
    child.on("close", (code) => resolve({ ...ended, code }));
  });
}

describe.skipIf(process.platform === "win32")("the bootstrap", () => {
  test("installs in a fresh clone, then runs the script with its arguments and exit code", async () => {
    const ended = await bootstrap("console.log(process.argv.slice(2).join()); process.exit(3)", ["--once", "--json"]);
    expect(ended.stdout).toBe("--once,--json\n");
    expect(ended.stderr).toContain("installed with ci");
    expect(ended.code).toBe(3);
  });

  test("installs once only, until the lockfile changes", async () => {
    await bootstrap("");
    expect((await bootstrap("")).stderr).toBe("");
    writeLockfile("1.0.1");
    expect((await bootstrap("")).stderr).toContain("installed with ci");
  });

  test("installs once when two commands are started at the same time in a fresh clone", async () => {
    const [one, other] = await Promise.all([bootstrap("console.log('ran')"), bootstrap("console.log('ran')")]);
    expect([one, other].map(({ code, stdout }) => [code, stdout])).toEqual([
      [0, "ran\n"],
      [0, "ran\n"],
    ]);
    expect(`${one.stderr}${other.stderr}`.match(/installed with ci/g)).toHaveLength(1);
    expect(existsSync(join(project, ".kiln/installing"))).toBe(false);
  });

  test("does not wait for an installation whose process has died", async () => {
    mkdirSync(join(project, ".kiln"));
    // No process has this number: Linux ends at 4194304.
    writeFileSync(join(project, ".kiln/installing"), "4999999");
    expect((await bootstrap("console.log('ran')")).stdout).toBe("ran\n");
  });

  test("takes over what someone installed by hand when it agrees with the lockfile", async () => {
    await bootstrap("");
    rmSync(join(project, "node_modules/.kiln-installed"));
    expect((await bootstrap("")).stderr).toBe("");
    expect(existsSync(join(project, "node_modules/.kiln-installed"))).toBe(true);
  });

  test("runs the script on the pinned Node, with the project's programs first on PATH", async () => {
    await bootstrap("");
    const pinned = join(project, "node_modules/.bin/node");
    rmSync(pinned);
    writeFileSync(pinned, `#!/bin/sh\necho pinned\nexec ${process.execPath} "$@"\n`);
    chmodSync(pinned, 0o755);
    const ended = await bootstrap("console.log(process.env.PATH.split(':')[0])");
    expect(ended.stdout).toBe(`pinned\n${join(project, "node_modules/.bin")}\n`);
  });

  test("passes a signal on and lets the script end in its own way", async () => {
    const script = "process.on('SIGTERM', () => process.exit(7)); console.log('up'); setInterval(() => {}, 1000)";
    const ended = await bootstrap(script, [], (pid) => process.kill(pid, "SIGTERM"));
    expect(ended.code).toBe(7);
  });

  test("stops when the installation fails, without running anything", async () => {
    writeFileSync(join(project, "npm.cjs"), "process.exit(5)");
    const ended = await bootstrap("console.log('ran')");
    expect(ended).toMatchObject({ code: 5, stdout: "" });
    expect(existsSync(join(project, "node_modules/.kiln-installed"))).toBe(false);
    expect(existsSync(join(project, ".kiln/installing"))).toBe(false);
  });
});

test("the command that npm links starts the same way", () => {
  const bin = readFileSync("cli/bin.mjs", "utf8");
  expect(bin).toContain('"cli/main.ts"');
  expect(bin.startsWith("#!/usr/bin/env node\n")).toBe(true);
});
