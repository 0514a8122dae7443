import { beforeAll, describe, expect, it } from "vitest";
import { Ec2Service } from "../../local/ec2/service.ts";
import { endStateProblems } from "../../scripts/simulate/end-state.ts";
import type { SimulatedStage } from "../../scripts/simulate/simulated-stage.ts";
import { type LiveService, liveService } from "./live-service.ts";
import { weights } from "./production-rule.ts";

let service: LiveService;

beforeAll(async () => {
  service = await liveService();
}, 120_000);

/** A deploy that the pre-flight stops, with nothing left of it and the live release untouched. */
async function refused(stage: SimulatedStage, cause: string): Promise<void> {
  const run = await stage.deploy("web", "2");
  expect(run).toMatchObject({ status: "FAILED", error: "PreFlightFailedError" });
  expect(run.cause).toContain(cause);
  expect(run.cause).toContain("Then deploy again.");
  const path = stage.path(run.arn);
  expect(path).toContain("PreFlight");
  expect(path).not.toContain("LaunchFleet");
  expect(path.at(-1)).toBe("FailedClean");
  expect(weights(stage)).toEqual({ "web-000001": 1 });
  await stage.settle();
  expect(await endStateProblems(stage, ["web"])).toEqual([]);
}

describe("the pre-flight", () => {
  it("runs once, while the image is being made, and lets a deploy pass that has room", async () => {
    const stage = await service.open();
    const run = await stage.deploy("web", "2");
    expect(run).toMatchObject({ status: "SUCCEEDED" });
    const path = stage.path(run.arn);
    expect(path.slice(0, 6)).toEqual(["Admit", "IsAdmitted", "BakeImage", "IsImageReady", "PreFlight", "WaitForImage"]);
    const events = stage.cloud.kernel.store
      .collection<{ type: string; details?: { name?: string } }>("states.events")
      .list(run.arn);
    const entered = events.filter(({ type, details }) => type === "TaskStateEntered" && details?.name === "PreFlight");
    expect(entered).toHaveLength(1);
  });

  it("is left out when there is nothing to bake: the launch itself comes at once", async () => {
    const stage = await service.open();
    const run = await stage.run("Deploy", { service: "web" });
    expect(run.status).toBe("SUCCEEDED");
    expect(stage.path(run.arn)).not.toContain("PreFlight");
  });

  it("says that the vCPU quota is too small", async () => {
    const stage = await service.open();
    stage.cloud.kernel
      .services()
      .find((one) => one instanceof Ec2Service)
      ?.capacity.setVcpuQuota(6);
    await refused(stage, "2 t3.small need 4 vCPUs, and 2 of the account's 6 are free");
  });

  it("says that an instance type does not exist", async () => {
    const stage = await service.open({ instanceType: "t3.enormous" });
    await refused(stage, "EC2 would not launch t3.enormous");
  });

  it("says that Auto Scaling may not use the key of the images", async () => {
    const stage = await service.open();
    const keys = stage.cloud.kernel.store.collection<{ id: string; description: string; policy: string }>("kms.keys");
    const key = keys.list().find(({ description }) => description.startsWith("Kiln images"));
    const policy = JSON.parse(key?.policy ?? "{}") as { Statement: { Sid: string }[] };
    const Statement = policy.Statement.filter(({ Sid }) => !Sid.startsWith("AutoScaling"));
    await stage.cloud.call("kms", "PutKeyPolicy", {
      KeyId: key?.id,
      PolicyName: "default",
      Policy: JSON.stringify({ ...policy, Statement }),
    });
    await refused(stage, "does not let Auto Scaling's service-linked role use it");
  });

  it("says that the load balancer has no room for a rule, whichever listener has them", async () => {
    const stage = await service.open();
    const { balancerArn } = stage.cloud.visitors.listener;
    const fixed = (StatusCode: string) => [{ Type: "fixed-response", FixedResponseConfig: { StatusCode } }];
    const elb = "elasticloadbalancing";
    const { Listeners } = await stage.cloud.call<{ Listeners: { ListenerArn: string }[] }>(elb, "CreateListener", {
      LoadBalancerArn: balancerArn,
      Protocol: "HTTP",
      Port: 8081,
      DefaultActions: fixed("404"),
    });
    for (let Priority = 1; Priority <= 99; Priority++) {
      await stage.cloud.call(elb, "CreateRule", {
        ListenerArn: Listeners[0]?.ListenerArn,
        Priority,
        Conditions: [{ Field: "path-pattern", PathPatternConfig: { Values: [`/${Priority}`] } }],
        Actions: fixed("410"),
      });
      // As fast as AWS takes them.
      await stage.cloud.until(() => false, 1_000);
    }
    await refused(stage, "the load balancer has 100 of 100 rules, and a deploy needs 1 more");
  });

  it("says what EC2 would refuse of the launch", async () => {
    const stage = await service.open({ securityGroups: ["sg-0123456789abcdef0"] });
    await refused(stage, "EC2 would not launch t3.small");
  });
});
