import { beforeAll, describe, expect, it } from "vitest";
import { endStateProblems } from "../../scripts/simulate/end-state.ts";
import { ordinaryGroup, sealedGroup } from "../../scripts/simulate/sealed-group.ts";
import { type SimulatedStage, stageName } from "../../scripts/simulate/simulated-stage.ts";
import { fleetName } from "../../shared/domain/names.ts";
import { type LiveService, liveService } from "./live-service.ts";
import { until, weights } from "./production-rule.ts";

let service: LiveService;

beforeAll(async () => {
  service = await liveService();
}, 120_000);

interface Instance {
  instanceId: string;
  state: string;
  tags: Record<string, string>;
  securityGroupIds: string[];
}

const instances = (stage: SimulatedStage, generation: string) =>
  stage.cloud.kernel.store
    .collection<Instance>("ec2.instances")
    .list()
    .filter(({ tags, state }) => tags["kiln:generation"] === generation && state === "running");

/** A stage whose spec keeps an instance in a security group with or without rules. */
async function keeping(isSealed: boolean): Promise<{ stage: SimulatedStage; securityGroup: string }> {
  const stage = await service.open();
  const securityGroup = isSealed ? await sealedGroup(stage) : await ordinaryGroup(stage);
  await stage.apply("web", { validate: { timeoutSeconds: 60, quarantine: { minutes: 30, securityGroup } } });
  return { stage, securityGroup };
}

async function failedDeploy(stage: SimulatedStage): Promise<void> {
  const run = await stage.deploy("web", "2-unhealthy");
  expect(run).toMatchObject({ status: "FAILED", error: "ValidationFailedError" });
  expect(stage.path(run.arn).at(-1)).toBe("FailedClean");
  await stage.settle();
}

async function told(stage: SimulatedStage, event: string) {
  const history = await stage.cloud.complete(stage.ledger.history("web", "web-000002"));
  return history.find((line) => line.event === event);
}

describe("a candidate that fails validation, when the spec asks for a quarantine", () => {
  it("keeps one instance, cut off, until the first sweep after its time; the rest goes at once", async () => {
    const { stage, securityGroup } = await keeping(true);
    await failedDeploy(stage);
    const [kept, another] = instances(stage, "web-000002");
    expect(another).toBeUndefined();
    expect(kept?.securityGroupIds).toEqual([securityGroup]);
    expect(kept?.tags["kiln:quarantined-until"]).toMatch(/^2\d{3}-/);
    expect(await told(stage, "quarantined")).toMatchObject({ instanceId: kept?.instanceId });
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
    expect(weights(stage)).toEqual({ "web-000001": 1 });

    await stage.run("Sweep", {});
    expect(instances(stage, "web-000002")).toHaveLength(1);
    await stage.cloud.until(() => false, 1_800_000);
    await stage.run("Sweep", {});
    await stage.settle();
    expect(instances(stage, "web-000002")).toEqual([]);
    expect((await stage.cloud.complete(stage.ledger.head("web"))).quarantined).toEqual([]);
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });

  it("keeps nothing in a security group that has rules, and says so", async () => {
    const { stage } = await keeping(false);
    await failedDeploy(stage);
    expect(instances(stage, "web-000002")).toEqual([]);
    expect(await told(stage, "quarantine-refused")).toMatchObject({
      reason: expect.stringContaining("must have none"),
    });
    expect(await endStateProblems(stage, ["web"])).toEqual([]);
  });

  it.each(["ec2 CreateTags", "autoscaling DetachInstances", "ec2 ModifyInstanceAttribute"])(
    "leaves nothing for good when its deploy is stopped right after %s",
    async (call) => {
      const { stage } = await keeping(true);
      await stage.push("web", "2-unhealthy");
      const deploy = () => stage.executions("deploy").at(-1)?.arn ?? "";
      let reached = false;
      stage.cloud.kernel.on("call.answered", ({ service: of, operation, caller }) => {
        reached ||= `${of} ${operation}` === call && /reap/.test(caller.name);
      });
      await until(stage, () => reached);
      await stage.stop(deploy());
      await stage.idle();
      await stage.run("Sweep", {});
      await stage.cloud.until(() => false, 1_900_000);
      await stage.run("Sweep", {});
      await stage.settle();
      expect(instances(stage, "web-000002")).toEqual([]);
      expect(await endStateProblems(stage, ["web"])).toEqual([]);
      expect(stage.cloud.kernel.store.collection("autoscaling.groups").get(fleetName(stageName, "web-000002"))).toBe(
        undefined,
      );
    },
  );
});
