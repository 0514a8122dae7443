import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { beforeAll, describe, expect, it } from "vitest";
import { machinePaths } from "../../scripts/permissions/machine-paths.ts";
import { packageInMemory } from "../../scripts/simulate/package-files.ts";
import { type Situation, situations } from "../../scripts/simulate/scenarios.ts";
import { ordinaryGroup } from "../../scripts/simulate/sealed-group.ts";
import {
  openStage,
  type PreparedStage,
  prepareStage,
  type SimulatedStage,
  stageName,
} from "../../scripts/simulate/simulated-stage.ts";
import type { HistoryEvent } from "../../shared/aws/ledger.ts";
import { fleetName } from "../../shared/domain/names.ts";
import { releaseEvents } from "../../shared/domain/release-events.ts";
import { dirtyEnd } from "./dirty-end.ts";
import { until, weights } from "./production-rule.ts";

interface Delivered {
  detail: { object: { key: string } };
}

/** What a subscriber got, and the records that it then read. */
const heard: Delivered[] = [];
const records: HistoryEvent[] = [];
/** Of each candidate, whether what was told of its run has its secret in it. */
const secretsTold: boolean[] = [];

/** By the names that paths of the audit of permissions have. */
const audited = [
  "drill",
  "canary-with-approval",
  "judged-canary-with-commands",
  "failing-while-observed",
  "quarantine-of-a-failed-instance",
  "alarm-in-the-hot-window",
  "experiment-from-start-to-end",
  "sweep-of-a-touched-instance",
];

const further: { begins: Situation; act: (stage: SimulatedStage) => Promise<unknown> }[] = [
  { begins: "one release", act: refusedQuarantine },
  { begins: "one release", act: finishedBySweep },
  { begins: "one release", act: dirtyEnd },
  { begins: "live and standby", act: lostWayBack },
  { begins: "live and standby", act: failedDrill },
];

beforeAll(async () => {
  const prepared = await subscribed(await prepareStage(await packageInMemory(stageName)));
  const begins = await situations(prepared);
  const acts = [...machinePaths.filter(({ name }) => audited.includes(name)), ...further];
  for (const one of acts) {
    const stage = await openStage(3, begins[one.begins]);
    await one.act(stage);
    await stage.settle();
    await listen(stage);
  }
}, 120_000);

/** Somebody's rule of the kind that docs/events.md shows, with a queue behind it. */
async function subscribed(prepared: PreparedStage): Promise<PreparedStage> {
  const stage = await openStage(0, prepared);
  const queue = "arn:aws:sqs:us-east-1:123456789012:heard";
  const allow = { Effect: "Allow", Principal: { Service: "events.amazonaws.com" }, Action: "sqs:SendMessage" };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [{ ...allow, Resource: queue }] });
  const wildcards = ["services/*/history/*.json", "experiments/*/history/*.json"];
  const key = wildcards.map((wildcard) => ({ wildcard }));
  const detail = { bucket: { name: [stage.outputs["LedgerBucket"]] }, object: { key } };
  const EventPattern = JSON.stringify({ source: ["aws.s3"], "detail-type": ["Object Created"], detail });
  await stage.cloud.call("sqs", "CreateQueue", { QueueName: "heard", Attributes: { Policy } });
  await stage.cloud.call("events", "PutRule", { Name: "heard", EventPattern });
  await stage.cloud.call("events", "PutTargets", { Rule: "heard", Targets: [{ Id: "queue", Arn: queue }] });
  await stage.settle();
  return stage.snapshot();
}

/** Reads the queue, and in the ledger every history that was told of. */
async function listen(stage: SimulatedStage): Promise<void> {
  const QueueUrl = "https://sqs.us-east-1.amazonaws.com/123456789012/heard";
  const generations = new Map<string, string>();
  const keys = new Set<string>();
  for (;;) {
    const asked = { QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 3600 };
    const { Messages = [] } = await stage.cloud.complete(
      stage.cloud.call<{ Messages?: { Body: string }[] }>("sqs", "ReceiveMessage", asked),
    );
    if (Messages.length === 0) break;
    for (const { Body } of Messages) {
      const event: Delivered = JSON.parse(Body);
      heard.push(event);
      const { key } = event.detail.object;
      keys.add(key);
      const [, service = "", generation = ""] = /^(?:services|experiments)\/(.+)\/history\/([^/]+)\//.exec(key) ?? [];
      generations.set(generation, service.replace("/", "."));
    }
  }
  const found: HistoryEvent[] = [];
  const secrets: string[] = [];
  for (const [generation, service] of generations) {
    found.push(...(await stage.cloud.complete(stage.ledger.history(service, generation))));
    const secret = (await stage.cloud.complete(stage.ledger.release(service, generation)))?.trialSecret;
    if (secret) secrets.push(secret);
  }
  expect(found).toHaveLength(keys.size);
  secretsTold.push(...secrets.map((secret) => JSON.stringify(found).includes(secret)));
  records.push(...found);
}

async function refusedQuarantine(stage: SimulatedStage): Promise<void> {
  const securityGroup = await ordinaryGroup(stage);
  await stage.apply("web", { validate: { timeoutSeconds: 60, quarantine: { minutes: 30, securityGroup } } });
  await stage.deploy("web", "2-unhealthy");
}

/** Dies with most of the traffic while there is nobody healthy to give it back to. */
async function finishedBySweep(stage: SimulatedStage): Promise<void> {
  await stage.apply("web", { deploy: { strategy: "canary", steps: [60], intervalSeconds: 600 } });
  await stage.push("web", "2");
  await until(stage, () => weights(stage)["web-000002"] === 60);
  const AutoScalingGroupName = fleetName(stageName, "web-000001");
  await stage.cloud.call("autoscaling", "DeleteAutoScalingGroup", { AutoScalingGroupName, ForceDelete: true });
  await stage.settle();
  await stage.stop(stage.executions("deploy").at(-1)?.arn ?? "");
  await stage.settle();
  await stage.idle();
}

/** Its standby goes while it has a share. */
async function failedDrill(stage: SimulatedStage): Promise<void> {
  const arn = await stage.begin("Rollback", { service: "web", drill: { percent: 5 } });
  await until(stage, () => weights(stage)["web-000001"] === 5);
  const AutoScalingGroupName = fleetName(stageName, "web-000001");
  await stage.cloud.call("autoscaling", "DeleteAutoScalingGroup", { AutoScalingGroupName, ForceDelete: true });
  await stage.ended(() => arn);
  await stage.idle();
}

async function lostWayBack(stage: SimulatedStage): Promise<void> {
  await stage.run("Sweep", {});
  const AutoScalingGroupName = fleetName(stageName, "web-000001");
  await stage.cloud.call("autoscaling", "DeleteAutoScalingGroup", { AutoScalingGroupName, ForceDelete: true });
  await stage.settle();
  await stage.run("Sweep", {});
  await stage.cloud.until(() => false, 3_600_000);
  await stage.run("Sweep", {});
}

const kindOf = (event: string) => event.replace(/-(\d+|i-[0-9a-f]+)$/, "");

const schema = JSON.parse(readFileSync(new URL("../../docs/events.schema.json", import.meta.url), "utf8"));

const validators = Object.fromEntries(
  Object.entries<object>(schema.$defs).map(([kind, one]) => [kind, new Ajv({ strict: false }).compile(one)]),
);

/** What the published schema finds wrong. */
function problems(kind: string, found: unknown): unknown[] {
  const validate = validators[kind];
  return validate?.(found) ? [] : (validate?.errors ?? ["there is no schema"]);
}

describe("the events of releases", () => {
  it("occur, each kind that is documented and no other", () => {
    const kinds = new Set(records.map(({ event }) => kindOf(event)));
    expect([...kinds].sort()).toEqual(Object.keys(releaseEvents).sort());
    expect(Object.keys(schema.$defs).sort()).toEqual([...kinds, "delivered"].sort());
  });

  it("are delivered to whoever listens by the documented rule, in the published form", () => {
    expect(heard.length).toBeGreaterThan(100);
    const found = heard.flatMap((event) => problems("delivered", event).map((problem) => ({ event, problem })));
    expect(found).toEqual([]);
  });

  it("carry what the published schema of their kind promises", () => {
    const found = records.flatMap((line) => problems(kindOf(line.event), line).map((problem) => ({ line, problem })));
    expect(found).toEqual([]);
  });

  it("are judged by that schema: one without its evidence does not pass", () => {
    const [line] = records.filter(({ event }) => event === "cut-over");
    expect(problems("cut-over", { ...line, toHealth: undefined })).not.toEqual([]);
    expect(problems("cut-over", { ...line, event: "cut-over-x" })).not.toEqual([]);
    expect(problems("delivered", { ...heard[0], source: "kiln" })).not.toEqual([]);
  });

  it("never say the secret that leads to a candidate", () => {
    expect(secretsTold.length).toBeGreaterThan(10);
    expect(secretsTold).not.toContain(true);
  });
});
