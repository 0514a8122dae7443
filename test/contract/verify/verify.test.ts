import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { connectTo } from "../../../cli/aws/connection.ts";
import { checks } from "../../../scripts/verify/checks.ts";
import { cloudForChecks, embeddedPollMs } from "../../../scripts/verify/embedded.ts";
import { observe } from "../../../scripts/verify/observe.ts";
import { startSnapshot } from "../../../scripts/verify/snapshot-checks.ts";

const directory = mkdtempSync(join(tmpdir(), "kiln-verify-"));
const file = join(directory, "seen.json");
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function run(script: string, ...args: string[]) {
  const environment = { PATH: process.env["PATH"], HOME: "/nonexistent", AWS_EC2_METADATA_DISABLED: "true" };
  return spawnSync(process.execPath, [join("scripts", script), ...args], { encoding: "utf8", env: environment });
}

describe("the checks that only AWS can answer", () => {
  it("do nothing before the account is named and the cost agreed to", () => {
    const asked = run("verify.ts");
    expect(asked.status).toBe(2);
    expect(asked.stderr).toContain("Nothing was made");
    expect(asked.stderr).toMatch(/at most \d+ US cents/);
    expect(run("verify.ts", "--i-pay").status).toBe(2);
    expect(run("verify.ts", "--account", "123456789012").status).toBe(2);
  });

  it("find on the embedded cloud what they assume, leave nothing, and write it down", () => {
    const verified = run("verify.ts", "--embedded", "--record", file);
    expect(verified.stderr).not.toMatch(/DIFFERS|FAILED|LEFT BEHIND/);
    expect(verified.stdout).toContain("0 not as assumed, 0 left behind");
    expect(verified.status).toBe(0);
    const recorded = JSON.parse(readFileSync(file, "utf8")) as { check?: string }[];
    expect(recorded.flatMap(({ check }) => check ?? [])).toEqual(checks.map(({ name }) => name));
  });

  it("are written down in the form that the conformance command reads, which finds a difference", () => {
    const again = run("conformance.ts", file);
    expect(again.stdout.trim().split("\n").at(-1)).toMatch(/^\d\d passed, 0 failed$/);

    const recorded = JSON.parse(readFileSync(file, "utf8")) as { name: string; facts?: object }[];
    const changed = recorded
      .filter(({ name }) => name === "unwritten-blocks")
      .map((one) => ({ ...one, facts: { listed: [0, 1, 2, 3] } }));
    writeFileSync(file, JSON.stringify(changed));
    const differing = run("conformance.ts", file);
    expect(differing.status).toBe(1);
    expect(differing.stdout).toContain("0 passed, 1 failed");
  });

  it("take away what they made when they fail half-way, and say so", async () => {
    const cloud = await cloudForChecks();
    try {
      let made = "";
      const broken = {
        name: "broken",
        question: "",
        assumed: {},
        basis: "",
        cents: 0,
        run: async (account: Parameters<typeof startSnapshot>[0]) => {
          made = await startSnapshot(account);
          throw new Error("half-way");
        },
      };
      const said: string[] = [];
      const observed = await observe({
        connection: connectTo(cloud.endpoint),
        runId: "test",
        pollMs: embeddedPollMs,
        checks: [broken],
        recordings: false,
        say: (line) => said.push(line),
        stopping: () => false,
      });
      expect(observed).toMatchObject({ recorded: [], left: [] });
      expect(observed.differences).toEqual(["broken did not come to an end: Error: half-way"]);
      expect(made).toMatch(/^snap-/);
      await expect(
        cloud.kernel.call("ec2", "DescribeSnapshots", { SnapshotIds: [made] }, cloud.administrator),
      ).rejects.toMatchObject({ code: "InvalidSnapshot.NotFound" });
    } finally {
      await cloud.stop();
    }
  });
});
