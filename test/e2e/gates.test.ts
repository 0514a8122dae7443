import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { approve } from "../../cli/commands/approval.ts";
import { machinesDirectory } from "../../local/machine/machines-directory.ts";
import { handSetAlarm } from "../../scripts/simulate/hand-set-alarm.ts";
import type { ServiceSpec } from "../../shared/domain/service-spec.ts";
import { zipArchive } from "../local/lambda/zip-archive.ts";
import { until } from "./support/until.ts";
import { openWorld, type World } from "./support/world.ts";

/** Asks the candidate itself, by the header that leads to it, and judges what it answers. */
const checkFunction = `
import { request } from "node:http";
export const handler = ({ origin, header, version }) => new Promise((resolve, reject) => {
  const asked = request(origin, { headers: { [header.name]: header.value } }, async (answer) => {
    let body = "";
    for await (const chunk of answer) body += chunk;
    const found = JSON.parse(body).version;
    if (found !== version) resolve({ verdict: "fail", reason: "asked for " + version + ", found " + found });
    else resolve({ verdict: found.endsWith("bad") ? "fail" : "pass", reason: "found " + found });
  });
  asked.on("error", reject);
  asked.end();
});
`;

let world: World;
let gates: Partial<ServiceSpec>;
/** Where each run of the once command adds a line: on the server, below what programs may write to. */
const ledgerOfRuns = "var/lib/runs";

function call<O>(service: string, operation: string, input: object): Promise<O> {
  const { kernel, administrator } = world.embedded.cloud;
  return kernel.call<O>(service, operation, input, administrator);
}

beforeAll(async () => {
  world = await openWorld({ timeFactor: 20 });
  await Promise.all([makeFunction(), makeProfile()]);
  gates = {
    instanceProfile: "managed",
    validate: {
      ...world.spec.validate,
      functions: [{ name: "smoke", timeoutSeconds: 30 }],
      commands: [
        {
          name: "inside",
          run: 'node -e \'process.exit(require("node:fs").existsSync("VERSION") ? 0 : 9)\' && echo "$KILN_GENERATION on $PORT"',
          timeoutSeconds: 60,
          on: "all",
        },
      ],
    },
    deploy: {
      strategy: "canary",
      steps: [50],
      intervalSeconds: 30,
      // Every request comes from the probe function, through the production rule.
      judge: { harmlessPercent: 10, waitSeconds: 1800, ifUndecided: "back", topUpPerMinute: 200, decides: true },
      approval: { deadlineSeconds: 3600 },
      once: { run: `echo "$KILN_GENERATION" >>"$root/${ledgerOfRuns}"`, timeoutSeconds: 60 },
    },
  };
  expect(await world.ended(await world.push("1.0.0"))).toMatchObject({ status: "SUCCEEDED" });
  await world.apply(gates);
});
afterAll(async () => world?.close());

async function makeFunction(): Promise<void> {
  await call("lambda", "CreateFunction", {
    FunctionName: "kiln-dev-check-smoke",
    Runtime: "nodejs24.x",
    Handler: "index.handler",
    Timeout: 30,
    Role: "arn:aws:iam::123456789012:role/kiln/dev/kiln-dev-probe",
    Code: { ZipFile: zipArchive({ "index.mjs": checkFunction }) },
  });
}

async function makeProfile(): Promise<void> {
  const trust = { Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
  const PolicyArn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore";
  await call("iam", "CreateRole", { RoleName: "managed", Path: "/kiln/dev/instances/", AssumeRolePolicyDocument });
  await call("iam", "AttachRolePolicy", { RoleName: "managed", PolicyArn });
  await call("iam", "CreateInstanceProfile", { InstanceProfileName: "managed" });
  await call("iam", "AddRoleToInstanceProfile", { InstanceProfileName: "managed", RoleName: "managed" });
}

/** Of all servers that are there. */
async function runs(): Promise<string[]> {
  const machines = machinesDirectory(join(world.directory, "state"));
  const files = (await readdir(machines)).map((id) => join(machines, id, "root", ledgerOfRuns));
  const texts = await Promise.all(files.map((file) => readFile(file, "utf8").catch(() => "")));
  return texts.flatMap((text) => text.split("\n")).filter(Boolean);
}
const evidence = async (generation: string) => JSON.stringify(await world.stage.ledger.history("web", generation));

it("a release passes a function, a command on its servers and a person, runs once what is to be run, compares well with live, and takes over", async () => {
  const execution = await world.push("1.1.0");
  const asked = async () => (await world.stage.ledger.approvals.read("web", "web-000002")) !== undefined;
  await until("the question for approval", asked, { withinSeconds: 120 });
  expect(await runs()).toEqual([]);
  expect((await world.live()).version).toBe("1.0.0");
  await approve(world.stage, "web", "looked at it");
  expect(await world.ended(execution)).toMatchObject({ status: "SUCCEEDED" });
  await world.answers("1.1.0");
  expect(await runs()).toEqual(["web-000002"]);
  const said = await evidence("web-000002");
  expect(said).toContain("function smoke");
  expect(said).toContain("found 1.1.0");
  expect(said).toContain("web-000002 on 8080");
  expect(said).toContain("once-ran");
  const judged = (await world.stage.ledger.history("web", "web-000002")).find(({ event }) => event === "judged");
  expect(judged).toMatchObject({
    verdict: "pass",
    reason: expect.stringMatching(/^errors: 0 of [1-9]\d+ against 0 of [1-9]/),
  });
});

it("a release that the function fails never gets a request, and nothing is run for it", async () => {
  const ended = await world.ended(await world.push("1.2.0-bad"));
  expect(ended).toMatchObject({ status: "FAILED", error: "ValidationFailedError" });
  expect(ended.cause).toContain("function smoke: found 1.2.0-bad");
  expect(ended.path).not.toContain("CutOver");
  expect(await runs()).toEqual(["web-000002"]);
  expect((await world.live()).version).toBe("1.1.0");
});

it("an alarm that turns red while a canary has its share takes it back", async () => {
  const AlarmName = "errors";
  await call("monitoring", "PutMetricAlarm", handSetAlarm(AlarmName));
  const set = (StateValue: string) =>
    call("monitoring", "SetAlarmState", { AlarmName, StateValue, StateReason: "a test" });
  await set("OK");
  const deploy = { strategy: "canary" as const, steps: [30], intervalSeconds: 300 };
  await world.apply({ ...gates, alarms: [AlarmName], deploy });
  const execution = await world.push("1.3.0");
  await until("the canary to answer", async () => (await world.live()).version === "1.3.0", { withinSeconds: 120 });
  await set("ALARM");
  const ended = await world.ended(execution);
  expect(ended).toMatchObject({ status: "FAILED", error: "ObservationFailedError" });
  expect(ended.cause).toContain("alarms: errors is red");
  expect(ended.path).toEqual(expect.arrayContaining(["Observe", "RestoreTraffic", "ReapCandidate", "SettleFailure"]));
  await world.answers("1.1.0");
});
