import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConsoleLog } from "../../../local/machine/console-log.ts";
import { ProcessGroups } from "../../../local/machine/process-groups.ts";
import { systemctl } from "../../../local/machine/systemctl.ts";
import { Units } from "../../../local/machine/units.ts";

let root: string;
let units: Units;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "kiln-units-"));
  mkdirSync(join(root, "etc/systemd/system"), { recursive: true });
  units = new Units({
    root,
    seenRoot: root,
    console: new ConsoleLog(join(root, "console")),
    groups: new ProcessGroups(join(root, "groups.json")),
    deathSignalCommand: undefined,
    placed: (environment) => environment,
  });
});

afterEach(async () => {
  await units.stopAll();
  rmSync(root, { recursive: true });
});

function write(name: string, service: string): void {
  writeFileSync(
    join(root, "etc/systemd/system", name),
    `[Service]\nStandardOutput=journal+console\n${service}\n[Install]\nWantedBy=multi-user.target\n`,
  );
}

const console = () => readFileSync(join(root, "console"), "utf8");

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe("systemctl", () => {
  it("enables, starts, tells the state of and stops a service", async () => {
    write("web.service", "ExecStart=/bin/sh -c 'echo up; exec sleep 60'");
    expect(await systemctl(units, ["is-active", "web"])).toMatchObject({ exitCode: 3, stdout: "inactive\n" });
    expect(await systemctl(units, ["enable", "--now", "--no-block", "web.service"])).toMatchObject({ exitCode: 0 });
    expect(await systemctl(units, ["is-active", "web"])).toMatchObject({ exitCode: 0, stdout: "active\n" });
    expect(await systemctl(units, ["is-enabled", "web"])).toMatchObject({ exitCode: 0 });
    await until(() => console().includes("up"));
    expect(await systemctl(units, ["stop", "web"])).toMatchObject({ exitCode: 0 });
    expect(await systemctl(units, ["is-active", "web"])).toMatchObject({ exitCode: 3 });
    expect(JSON.parse(readFileSync(join(root, "groups.json"), "utf8"))).toEqual({});
  });

  it("says which unit, verb or option it does not have", async () => {
    expect(await systemctl(units, ["start", "nothing"])).toEqual({
      exitCode: 4,
      stdout: "",
      stderr: "Unit nothing.service could not be found.\n",
    });
    expect((await systemctl(units, ["isolate", "x"])).stderr).toContain("does not have the verb 'isolate'");
    expect((await systemctl(units, ["start", "--wait", "x"])).stderr).toContain("does not have --wait");
  });
});

describe("a service", () => {
  it("that keeps failing is restarted up to its start limit, then has failed", async () => {
    write("web.service", "ExecStart=/bin/sh -c 'exit 7'\nRestart=on-failure\nRestartSec=1ms\nStartLimitBurst=3");
    await units.require("web.service").start();
    await until(() => units.require("web.service").state === "failed");
    expect(console().match(/status=7\/FAILURE/g)).toHaveLength(3);
    expect(console()).toContain("Start request repeated too quickly.");
  });

  it("that ends cleanly is restarted only with Restart=always", async () => {
    write("once.service", "ExecStart=/bin/true\nRestart=on-failure");
    await units.require("once.service").start();
    await until(() => units.require("once.service").state === "inactive");
    write("ever.service", "ExecStart=/bin/true\nRestart=always\nRestartSec=1ms");
    await units.require("ever.service").start();
    await until(() => console().includes("ever.service: Scheduled restart job, restart counter is at 2."));
    expect(console()).not.toContain("once.service: Scheduled");
  });

  it("that ignores its stop signal is killed after its time-out", async () => {
    write(
      "deaf.service",
      "ExecStart=/bin/sh -c \"trap '' TERM; echo deaf; while :; do sleep 0.05; done\"\nTimeoutStopSec=100ms",
    );
    const service = units.require("deaf.service");
    await service.start();
    await until(() => console().includes("deaf["));
    await service.stop();
    expect(service.state).toBe("inactive");
    expect(console()).toContain("State 'stop-sigterm' timed out. Killing.");
  });

  it("whose program does not exist says so and does not stop the machine", async () => {
    write("gone.service", "ExecStart=/nonexistent/program");
    await units.require("gone.service").start();
    await until(() => units.require("gone.service").state === "failed");
    expect(console()).toContain("Failed at step EXEC spawning /nonexistent/program");
  });
});
