import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { SendTaskFailureCommand, SendTaskSuccessCommand, SFNClient } from "@aws-sdk/client-sfn";
import { afterAll, beforeAll, expect, it } from "vitest";
import { clientConfiguration } from "../../cli/aws/connection.ts";
import { machinesDirectory } from "../../local/machine/machines-directory.ts";
import { handSetAlarm } from "../../scripts/simulate/hand-set-alarm.ts";
import type { ServiceSpec } from "../../shared/domain/service-spec.ts";
import { zipArchive } from "../local/lambda/zip-archive.ts";
import { runKiln } from "./support/kiln-command.ts";
import { hearNotifications } from "./support/notifications.ts";
import { until } from "./support/until.ts";
import { examples, soonGivenUp } from "./support/visitor.ts";
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
let notifications: Awaited<ReturnType<typeof hearNotifications>>;
/** The instance that a failed release leaves in quarantine. */
let kept = { instanceId: "", untilMs: 0 };

function call<O>(service: string, operation: string, input: object): Promise<O> {
  const { kernel, administrator } = world.embedded.cloud;
  return kernel.call<O>(service, operation, input, administrator);
}

beforeAll(async () => {
  world = await openWorld({ timeFactor: 20 });
  await Promise.all([makeFunction(), makeProfile()]);
  notifications = await hearNotifications(world.stage.connection);
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

/** A security group without any rule, which the stage may use. */
async function sealedGroup(): Promise<string> {
  const { Vpcs } = await call<{ Vpcs: { VpcId: string }[] }>("ec2", "DescribeVpcs", {});
  const { GroupId } = await call<{ GroupId: string }>("ec2", "CreateSecurityGroup", {
    GroupName: "quarantine",
    Description: "nothing in, nothing out",
    VpcId: Vpcs[0]?.VpcId,
    TagSpecifications: [{ ResourceType: "security-group", Tags: [{ Key: "kiln:stage", Value: "dev" }] }],
  });
  const everything = [{ IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] }];
  const revoke = () => call("ec2", "RevokeSecurityGroupEgress", { GroupId, IpPermissions: everything });
  // New things are not found at first.
  await until("the security group", () =>
    revoke().then(
      () => true,
      () => false,
    ),
  );
  return GroupId;
}

/** What whoever hears of a question by SNS has in hand: the task token that the message leads to. */
async function tokenHeard(generation: string): Promise<string> {
  const isAsked = (text: string) => text.includes("waits for approval") && text.includes(`/${generation}.json`);
  const message = await until("the question for approval", async () => (await notifications.heard()).find(isAsked), {
    withinSeconds: 120,
  });
  const [, Bucket, Key] = /: s3:\/\/([^/]+)\/(\S+\.json)\. /.exec(message) ?? [];
  const s3 = new S3Client({ ...clientConfiguration(world.stage.connection), forcePathStyle: true });
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return JSON.parse((await Body?.transformToString()) ?? "{}").taskToken;
}

interface Reservations {
  Reservations: { Instances: object[] }[];
}

const AlarmName = "errors";
const setAlarm = (StateValue: string) =>
  call("monitoring", "SetAlarmState", { AlarmName, StateValue, StateReason: "a test" });

const stepFunctions = () => new SFNClient(clientConfiguration(world.stage.connection));

/** Of all servers that are there. */
async function runs(): Promise<string[]> {
  const machines = machinesDirectory(join(world.directory, "state"));
  const files = (await readdir(machines)).map((id) => join(machines, id, "root", ledgerOfRuns));
  const texts = await Promise.all(files.filter((file) => existsSync(file)).map((file) => readFile(file, "utf8")));
  return texts.flatMap((text) => text.split("\n")).filter(Boolean);
}

const evidence = async (generation: string) => JSON.stringify(await world.stage.ledger.history("web", generation));

it("a release passes a function, a command on its servers and whoever hears of it by SNS, runs once what is to be run, compares well with live, and takes over", async () => {
  const execution = await world.push("1.1.0");
  const taskToken = await tokenHeard("web-000002");
  expect(await runs()).toEqual([]);
  expect((await world.live()).version).toBe("1.0.0");
  const output = JSON.stringify({ by: "the till's people", reason: "looked at it" });
  await stepFunctions().send(new SendTaskSuccessCommand({ taskToken, output }));
  const ended = await world.ended(execution);
  expect(ended, ended.cause).toMatchObject({ status: "SUCCEEDED" });
  await world.answers("1.1.0");
  expect(await runs()).toEqual(["web-000002"]);
  const said = await evidence("web-000002");
  expect(said).toContain("function smoke");
  expect(said).toContain("found 1.1.0");
  expect(said).toContain("web-000002 on 8080");
  expect(said).toContain("once-ran");
  expect(said).toContain("the till's people");
  expect((await notifications.heard()).join()).not.toContain(taskToken);
  const judged = (await world.stage.ledger.history("web", "web-000002")).find(({ event }) => event === "judged");
  expect(judged).toMatchObject({
    verdict: "pass",
    reason: expect.stringMatching(/^errors: 0 of [1-9]\d+ against 0 of [1-9]/),
  });
});

it("a release that whoever hears of it by SNS rejects never gets a request, and nothing is run for it", async () => {
  const execution = await world.push("1.1.1");
  const taskToken = await tokenHeard("web-000003");
  await stepFunctions().send(
    new SendTaskFailureCommand({ taskToken, error: "ApprovalRejected", cause: "the till is in French" }),
  );
  const ended = await world.ended(execution);
  expect(ended).toMatchObject({ status: "FAILED", error: "ApprovalRejected" });
  expect(ended.cause).toContain("the till is in French");
  expect(ended.path.at(-1)).toBe("FailedClean");
  expect(ended.path).not.toContain("CutOver");
  expect(await runs()).toEqual(["web-000002"]);
  expect((await world.live()).version).toBe("1.1.0");
});

it("a release that the function fails never gets a request, and nothing is run for it", async () => {
  const ended = await world.ended(await world.push("1.2.0-bad"));
  expect(ended).toMatchObject({ status: "FAILED", error: "ValidationFailedError" });
  expect(ended.cause).toContain("function smoke: found 1.2.0-bad");
  expect(ended.path).not.toContain("CutOver");
  expect(await runs()).toEqual(["web-000002"]);
  expect((await world.live()).version).toBe("1.1.0");
});

it("a release that fails leaves one server in quarantine, out of traffic, and kiln why names it", async () => {
  const securityGroup = await sealedGroup();
  const validate = { ...soonGivenUp.validate, quarantine: { minutes: 10, securityGroup } };
  await world.apply({ validate });
  const load = world.steadyLoad();
  const ended = await world.ended(await world.push("1.2.1", examples.unhealthy));
  expect(ended).toMatchObject({ status: "FAILED", error: "ValidationFailedError" });
  expect(ended.path.at(-1)).toBe("FailedClean");
  const head = await world.stage.ledger.head("web");
  const [one] = head.quarantined ?? [];
  kept = { instanceId: one?.instanceId ?? "", untilMs: Date.parse(one?.until ?? "") };
  const { instanceId } = kept;
  expect(head.quarantined).toEqual([{ instanceId, generation: "web-000005", until: expect.any(String) }]);
  expect((await world.inventory()).of("web-000005")).toEqual({ instance: 1 });
  const { Reservations } = await call<Reservations>("ec2", "DescribeInstances", { InstanceIds: [instanceId] });
  expect(Reservations[0]?.Instances[0]).toMatchObject({
    SecurityGroups: [{ GroupId: securityGroup }],
    State: { Name: "running" },
    Tags: expect.arrayContaining([{ Key: "kiln:quarantined-until", Value: one?.until }]),
  });
  expect(JSON.stringify(await runKiln(world, "why", "web"))).toContain(
    `${instanceId} of web-000005 is in quarantine until`,
  );
  expect((await load.stop()).failed).toBe(0);
  expect((await world.live()).version).toBe("1.1.0");
});

it("an alarm that turns red in the hot window takes production back by its event, and no request is dropped", async () => {
  await call("monitoring", "PutMetricAlarm", handSetAlarm(AlarmName));
  await setAlarm("OK");
  await world.apply({ alarms: [AlarmName] });
  expect(await world.ended(await world.push("1.4.0"))).toMatchObject({ status: "SUCCEEDED" });
  await world.answers("1.4.0");
  const load = world.steadyLoad(80);
  await setAlarm("ALARM");
  await world.answers("1.1.0");
  const settled = async () => {
    const { live, pending } = await world.stage.ledger.head("web");
    return live?.generation === "web-000002" && pending === null;
  };
  await until("the rollback to settle", settled);
  expect((await load.stop()).failed).toBe(0);
  const began = (await world.stage.ledger.history("web", "web-000006")).find(({ event }) => event === "rollback-began");
  expect(JSON.stringify(began)).toContain(AlarmName);
});

it("an alarm that turns red while a canary has its share takes it back", async () => {
  await setAlarm("OK");
  const deploy = { strategy: "canary" as const, steps: [30], intervalSeconds: 300 };
  await world.apply({ ...gates, alarms: [AlarmName], deploy });
  const execution = await world.push("1.3.0");
  await until("the canary to answer", async () => (await world.live()).version === "1.3.0", { withinSeconds: 120 });
  await setAlarm("ALARM");
  const ended = await world.ended(execution);
  expect(ended).toMatchObject({ status: "FAILED", error: "ObservationFailedError" });
  expect(ended.cause).toContain("alarms: errors is red");
  expect(ended.path).toEqual(expect.arrayContaining(["Observe", "RestoreTraffic", "ReapCandidate", "SettleFailure"]));
  await world.answers("1.1.0");
});

it("the server in quarantine is gone with the first sweep after its time", async () => {
  await until("the end of the quarantine", () => world.embedded.cloud.clock.now() > kept.untilMs);
  // The release before ended red, so its own sweep may have come first.
  await world.ended(await world.start("sweep", {}));
  await until("its end", async () => (await world.stage.ledger.head("web")).quarantined?.length === 0);
  const isGone = async () => (await world.inventory()).of("web-000005").instance === undefined;
  await until("the server to be gone", isGone);
});
