import { S3Client } from "@aws-sdk/client-s3";
import { SFNClient } from "@aws-sdk/client-sfn";
import { beforeAll, describe, expect, it } from "vitest";
import { Runs } from "../../cli/aws/runs.ts";
import { stopDeploy } from "../../cli/commands/abort.ts";
import { approve, reject } from "../../cli/commands/approval.ts";
import { pause, resume } from "../../cli/commands/pause.ts";
import { attachToClient } from "../../local/server/attach-to-client.ts";
import { endStateProblems } from "../../scripts/simulate/end-state.ts";
import { type SimulatedStage, stageName } from "../../scripts/simulate/simulated-stage.ts";
import type { Approval } from "../../shared/aws/approval-records.ts";
import { Documents } from "../../shared/aws/documents.ts";
import { Executions } from "../../shared/aws/executions.ts";
import { pausedUntil, pauseLimitSeconds } from "../../shared/domain/pause.ts";
import { type LiveService, liveService } from "./live-service.ts";
import { until, watchWeights, weights } from "./production-rule.ts";

let service: LiveService;

beforeAll(async () => {
  service = await liveService();
}, 120_000);

const gated = { deploy: { approval: { deadlineSeconds: 600 } }, validate: { timeoutSeconds: 60 } };
const deployOf = (stage: SimulatedStage) => stage.executions("deploy").at(-1)?.arn ?? "";

/** Tasks and the end that an execution came through, each once. */
const tasks = (stage: SimulatedStage, arn: string) => stage.path(arn).filter((state) => !/^(Is|Wait)/.test(state));

/** What a deploy comes through until it asks a person, and when it is not to go on. */
const untilApproval = ["Admit", "BakeImage", "PreFlight", "LaunchFleet", "ValidateFleet", "AwaitApproval"];
const taken = ["RestoreTraffic", "ReapCandidate", "SettleFailure", "FailedClean"];

/** Pushes, and runs the cloud until the release waits for a person. */
async function pushedAndAsked(stage: SimulatedStage, version: string): Promise<Approval> {
  await stage.push("web", version);
  const begun = stage.executions("deploy").length;
  await until(stage, () => stage.executions("deploy").length > begun);
  await until(stage, () => stage.stateOf(deployOf(stage)) === "AwaitApproval");
  await stage.cloud.until(() => false, 2_000);
  const asked = await stage.cloud.complete(stage.ledger.approvals.read("web", "web-000002"));
  if (!asked) throw new Error("nobody was asked");
  return asked;
}

/** A queue that is subscribed to the stage's notifications. @returns What reads it. */
async function subscribed({ cloud }: SimulatedStage): Promise<() => Promise<string[]>> {
  const topic = "arn:aws:sns:us-east-1:123456789012:kiln-dev-notifications";
  const queue = "arn:aws:sqs:us-east-1:123456789012:people";
  const allow = { Effect: "Allow", Principal: { Service: "sns.amazonaws.com" }, Action: "sqs:SendMessage" };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [{ ...allow, Resource: queue }] });
  const { QueueUrl } = await cloud.call<{ QueueUrl: string }>("sqs", "CreateQueue", {
    QueueName: "people",
    Attributes: { Policy },
  });
  const Attributes = { RawMessageDelivery: "true" };
  await cloud.call("sns", "Subscribe", { TopicArn: topic, Protocol: "sqs", Endpoint: queue, Attributes });
  return async () => {
    const asked = { QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 43_200 };
    const received = cloud.call<{ Messages?: { Body: string }[] }>("sqs", "ReceiveMessage", asked);
    return ((await cloud.complete(received)).Messages ?? []).map(({ Body }) => Body);
  };
}

/** A document of the ledger, as whoever may read its bucket gets it. */
async function documentOf<T>({ cloud, outputs }: SimulatedStage, key = ""): Promise<T | undefined> {
  const s3 = attachToClient(new S3Client(), cloud.kernel, "s3", cloud.administrator);
  return (await new Documents(s3, outputs["LedgerBucket"] ?? "").read<T>(key))?.document;
}

/** The stage as commands see it, each of whose calls takes the cloud on. */
function commandsOf({ cloud, ledger }: SimulatedStage) {
  const states = attachToClient(new SFNClient(), cloud.kernel, "states", cloud.administrator);
  const stage = { name: stageName, ledger, runs: new Runs(states), executions: new Executions(states) };
  return {
    approve: () => cloud.complete(approve(stage, "web", "looks fine")),
    reject: () => cloud.complete(reject(stage, "web", "the till is in French")),
    pause: () => cloud.complete(pause(stage, "web", "")),
    resume: () => cloud.complete(resume(stage, "web")),
    abort: () => cloud.complete(stopDeploy(stage, "web", "wrong branch")),
  };
}

describe("an approval", () => {
  it("holds a validated release without a request until somebody approves; then it goes live, and the history says who", async () => {
    const stage = await service.open(gated);
    const seen = watchWeights(stage);
    await pushedAndAsked(stage, "2");
    await stage.cloud.until(() => false, 300_000);
    expect(seen).toEqual([{ "web-000001": 1 }]);
    expect(await commandsOf(stage).approve()).toBe("web-000002");
    await stage.idle();
    expect(stage.execution(deployOf(stage))?.status).toBe("SUCCEEDED");
    expect(weights(stage)["web-000002"]).toBe(1);
    const history = await stage.cloud.complete(stage.ledger.history("web", "web-000002"));
    expect(history.find(({ event }) => event === "approved")).toMatchObject({
      approved: { by: expect.any(String), reason: "looks fine" },
    });
    expect(history.find(({ event }) => event === "approval-asked")).toMatchObject({
      cost: expect.stringMatching(/^\$0\.\d\d$/),
      pricesOf: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
    });
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });

  it.each([
    ["approves", "SUCCEEDED", undefined],
    ["rejects", "FAILED", "ApprovalRejected"],
  ])("is asked for by SNS, and whoever hears of it %s by what the message leads to", async (_does, status, error) => {
    const stage = await service.open(gated);
    const heard = await subscribed(stage);
    await pushedAndAsked(stage, "2");
    await stage.settle();
    const [message = "", another] = await heard();
    expect(another).toBeUndefined();
    expect(message).toMatch(/^"Kiln dev, .*: a release waits for approval: s3:\/\//);
    const [, Bucket, Key] =
      /: s3:\/\/([^/]+)\/(\S+\.json)\. Answer with kiln approve or kiln reject/.exec(message) ?? [];
    expect(Bucket).toBe(stage.outputs["LedgerBucket"]);
    const { taskToken } = (await stage.cloud.complete(documentOf<Approval>(stage, Key))) ?? {};
    expect(taskToken).toMatch(/./);
    expect(message).not.toContain(taskToken);
    const answer = error
      ? stage.cloud.call("states", "SendTaskFailure", { taskToken, error, cause: "the till is in French" })
      : stage.cloud.call("states", "SendTaskSuccess", { taskToken, output: "{}" });
    await stage.cloud.complete(answer);
    await stage.idle();
    expect(stage.execution(deployOf(stage))).toMatchObject({ status, ...(error && { error }) });
    expect(stage.path(deployOf(stage)).includes("CutOver")).toBe(status === "SUCCEEDED");
    expect(await heard()).not.toContainEqual(expect.stringContaining("waits for approval"));
  });

  it("that is refused takes the candidate away, with the reason", async () => {
    const stage = await service.open(gated);
    await pushedAndAsked(stage, "2");
    await commandsOf(stage).reject();
    await stage.idle();
    expect(stage.execution(deployOf(stage))).toMatchObject({ status: "FAILED", error: "ApprovalRejected" });
    expect(stage.execution(deployOf(stage))?.cause).toContain("rejected web-000002: the till is in French");
    expect(tasks(stage, deployOf(stage))).toEqual([...untilApproval, ...taken]);
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });

  it("that nobody gives by the deadline ends the deploy, and comes too late afterwards", async () => {
    const stage = await service.open(gated);
    const { taskToken } = await pushedAndAsked(stage, "2");
    await stage.idle();
    expect(stage.execution(deployOf(stage))).toMatchObject({ status: "FAILED", error: "ApprovalExpired" });
    expect(tasks(stage, deployOf(stage))).toEqual([...untilApproval, ...taken]);
    await expect(commandsOf(stage).approve()).rejects.toMatchObject({ name: "NothingToApprove" });
    const late = stage.cloud.call("states", "SendTaskSuccess", { taskToken, output: "{}" });
    await expect(late).rejects.toMatchObject({ code: "TaskTimedOut" });
    expect(weights(stage)).toEqual({ "web-000001": 1 });
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });

  it("gives no traffic to a candidate that broke while it waited", async () => {
    const stage = await service.open(gated);
    const seen = watchWeights(stage);
    await pushedAndAsked(stage, "2-fading");
    await stage.cloud.until(() => false, 120_000);
    await commandsOf(stage).approve();
    await stage.idle();
    expect(stage.execution(deployOf(stage))).toMatchObject({ status: "FAILED", error: "ValidationFailedError" });
    expect(seen).toEqual([{ "web-000001": 1 }]);
  });

  it("is not waited for by a rollback", async () => {
    const stage = await service.open(gated);
    const seen = watchWeights(stage);
    await pushedAndAsked(stage, "2");
    const beganMs = stage.cloud.clock.now();
    const back = await stage.run("Rollback", { service: "web" });
    expect(back).toMatchObject({ status: "FAILED", error: "NothingToRollBackError" });
    const again = await stage.begin("Rollback", { service: "web", to: "web-000001" });
    await until(stage, () => stage.execution(deployOf(stage))?.status === "ABORTED");
    expect(stage.cloud.clock.now() - beganMs).toBeLessThan(15_000);
    await stage.ended(() => again);
    expect(stage.execution(again)?.status).toBe("SUCCEEDED");
    expect(tasks(stage, deployOf(stage))).toEqual(untilApproval);
    expect(stage.path(back.arn)).toEqual(["PreEmpt", "FailedClean"]);
    expect(tasks(stage, again)).toEqual(["PreEmpt", "CutOver", "Settle", "RetireFleets", "RolledBack"]);
    await stage.idle();
    await stage.run("Sweep", {});
    await stage.settle();
    expect(seen).toEqual([{ "web-000001": 1 }]);
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });
});

describe("a pause", () => {
  const canary = { deploy: { strategy: "canary", steps: [10], intervalSeconds: 30 } };
  it("keeps the share that a release has until somebody resumes", async () => {
    const stage = await service.open(canary);
    const seen = watchWeights(stage);
    await stage.push("web", "2");
    await until(stage, () => seen.length === 2);
    await commandsOf(stage).pause();
    await stage.cloud.until(() => false, 1_800_000);
    expect(seen).toHaveLength(2);
    expect(await commandsOf(stage).resume()).toBe(true);
    await stage.idle();
    expect(stage.execution(deployOf(stage))?.status).toBe("SUCCEEDED");
    expect(seen.at(-1)).toEqual({ "web-000002": 1, "web-000001": 0 });
  });

  it("that outlasts the deploy's patience ends it with who paused and why, and live keeps everything", async () => {
    const stage = await service.open(canary);
    const seen = watchWeights(stage);
    await stage.push("web", "2");
    await until(stage, () => seen.length === 2);
    const release = await stage.cloud.complete(stage.ledger.release("web", "web-000002"));
    expect(await commandsOf(stage).pause()).toBe(pausedUntil({ createdAt: release?.createdAt ?? "" }));
    await stage.cloud.until(() => false, pauseLimitSeconds * 1000 - 600_000);
    expect(stage.execution(deployOf(stage))?.status).toBe("RUNNING");
    await stage.idle();
    expect(stage.execution(deployOf(stage))).toMatchObject({ status: "FAILED", error: "DeployHeldError" });
    expect(stage.execution(deployOf(stage))?.cause).toContain("paused it at");
    expect(stage.execution(deployOf(stage))?.cause).toContain("kiln resume web, then kiln deploy web");
    expect(tasks(stage, deployOf(stage))).toEqual([
      ...untilApproval.slice(0, -1),
      "CutOver",
      "Observe",
      "RestoreTraffic",
      "ReapCandidate",
      "SettleFailure",
      "FailedClean",
    ]);
    expect(seen.slice(0, 3)).toEqual([
      { "web-000001": 1 },
      { "web-000002": 10, "web-000001": 90 },
      { "web-000001": 1, "web-000002": 0 },
    ]);
    await stage.settle();
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });

  it("does not keep a rollback from going back", async () => {
    const stage = await service.open(canary);
    await stage.push("web", "2");
    await until(stage, () => weights(stage)["web-000002"] === 10);
    await commandsOf(stage).pause();
    expect((await stage.run("Rollback", { service: "web" })).status).toBe("SUCCEEDED");
    expect(weights(stage)["web-000002"] ?? 0).toBe(0);
  });
});

describe("an abort", () => {
  const canary = { deploy: { strategy: "canary", steps: [10], intervalSeconds: 30 } };

  it.each(["WaitForImage", "WaitForFleet", "AwaitApproval", "WaitWhileObserving"])(
    "in %s gives live everything back and takes the candidate away",
    async (state) => {
      const stage = await service.open(state === "AwaitApproval" ? gated : canary);
      const begun = stage.executions("deploy").length;
      await stage.push("web", "2");
      await until(stage, () => stage.executions("deploy").length > begun && stage.stateOf(deployOf(stage)) === state);
      expect(await commandsOf(stage).abort()).toBe("web-000002");
      // The sweep that the stop starts comes with an event.
      await stage.settle();
      await stage.idle();
      await stage.settle();
      expect(stage.execution(deployOf(stage))).toMatchObject({ status: "ABORTED", error: "Kiln.Aborted" });
      expect(weights(stage)).toEqual({ "web-000001": 1 });
      expect(await endStateProblems(stage, ["web"])).toEqual([]);
    },
  );

  it("does nothing when nothing is under way, and neither do the others", async () => {
    const stage = await service.open({});
    expect(await commandsOf(stage).abort()).toBeUndefined();
    expect(await commandsOf(stage).resume()).toBe(false);
    await expect(commandsOf(stage).approve()).rejects.toMatchObject({ name: "NothingToApprove" });
    await expect(commandsOf(stage).reject()).rejects.toMatchObject({ name: "NothingToApprove" });
    expect(weights(stage)).toEqual({ "web-000001": 1 });
  });
});
