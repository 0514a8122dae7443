import type { Rule } from "@aws-sdk/client-elastic-load-balancing-v2";
import { beforeEach, describe, expect, it } from "vitest";
import { fixed, forwardTo, path, World } from "./world.ts";

let world: World;
let balancer: string;
let listener: string;
let group: string;

beforeEach(async () => {
  world = new World();
  await world.kernel.start();
  balancer = await world.balancer();
  group = await world.group("web");
  listener = await world.listener(balancer, fixed("404"));
});

async function rules(): Promise<Rule[]> {
  return (await world.call<{ Rules: Rule[] }>("DescribeRules", { ListenerArn: listener })).Rules;
}

describe("rules", () => {
  it("are listed by priority with the default rule last", async () => {
    await world.rule(listener, 20, [path("/b")], forwardTo(group));
    await world.rule(listener, 3, [path("/a")], forwardTo(group));
    expect((await rules()).map(({ Priority }) => Priority)).toEqual(["3", "20", "default"]);
  });

  // Semantic: unique names. Source: API reference of CreateRule, PriorityInUse.
  it("refuse a priority that is taken or out of range", async () => {
    await world.rule(listener, 5, [path("/a")], fixed("200"));
    await expect(world.rule(listener, 5, [path("/b")], fixed("200"))).rejects.toMatchObject({ code: "PriorityInUse" });
    for (const priority of [0, 50_001]) {
      await expect(world.rule(listener, priority, [path("/b")], fixed("200"))).rejects.toMatchObject({
        code: "ValidationError",
      });
    }
    expect(await rules()).toHaveLength(2);
  });

  it("exchange priorities in one call, but never take one of a rule that is not named", async () => {
    const first = await world.rule(listener, 1, [path("/a")], fixed("200"));
    const second = await world.rule(listener, 2, [path("/b")], fixed("200"));
    await world.rule(listener, 3, [path("/c")], fixed("200"));
    const swap = [
      { RuleArn: first, Priority: 2 },
      { RuleArn: second, Priority: 1 },
    ];
    await world.call("SetRulePriorities", { RulePriorities: swap });
    expect((await rules()).map(({ RuleArn }) => RuleArn).slice(0, 2)).toEqual([second, first]);
    const clash = [{ RuleArn: first, Priority: 3 }];
    await expect(world.call("SetRulePriorities", { RulePriorities: clash })).rejects.toMatchObject({
      code: "PriorityInUse",
    });
  });

  it("give back the whole forward action with weights and stickiness", async () => {
    const other = await world.group("other");
    await world.rule(listener, 1, [path("/*")], forwardTo([group, 999], [other, 0]));
    expect((await rules())[0]?.Actions).toEqual([
      {
        Type: "forward",
        ForwardConfig: {
          TargetGroups: [
            { TargetGroupArn: group, Weight: 999 },
            { TargetGroupArn: other, Weight: 0 },
          ],
          TargetGroupStickinessConfig: { Enabled: false },
        },
      },
    ]);
  });

  // Semantic: ELBv2: weights 0–999, five groups for each action. Source: API reference of TargetGroupTuple; "Quotas for
  // your Application Load Balancers".
  it("refuse weights above 999, a sixth group, and a group of another load balancer", async () => {
    await expect(world.rule(listener, 1, [path("/*")], forwardTo([group, 1000]))).rejects.toMatchObject({
      code: "ValidationError",
      message: "Weight '1000' must be between 0 and 999",
    });
    const six = await Promise.all(["a", "b", "c", "d", "e", "f"].map((name) => world.group(name)));
    await expect(world.rule(listener, 1, [path("/*")], forwardTo(...six))).rejects.toMatchObject({
      code: "ValidationError",
    });
    const foreign = await world.group("foreign");
    await world.listener(await world.balancer("other"), forwardTo(foreign));
    await expect(world.rule(listener, 1, [path("/*")], forwardTo(foreign))).rejects.toMatchObject({
      code: "TargetGroupAssociationLimit",
    });
    expect(await rules()).toHaveLength(1);
  });

  it.each([
    ["six values", [path("/a", "/b", "/c", "/d", "/e", "/f")]],
    ["six wildcards", [path("/*/*/*", "/*/*/*")]],
    ["two host conditions", [1, 2].map((n) => ({ Field: "host-header", Values: [`a${n}.example.com`] }))],
    ["no condition", []],
    [
      "a host in a header condition",
      [{ Field: "http-header", HttpHeaderConfig: { HttpHeaderName: "Host", Values: ["a"] } }],
    ],
    ["a bad network", [{ Field: "source-ip", SourceIpConfig: { Values: ["10.0.0.0/33"] } }]],
    ["a value of 129 characters", [path(`/${"a".repeat(128)}`)]],
  ])("refuse conditions with %s", async (_, conditions) => {
    await expect(world.rule(listener, 1, conditions, fixed("200"))).rejects.toMatchObject({ code: "ValidationError" });
  });

  it("refuse a redirect that changes nothing, and a listener's default rule being changed or deleted", async () => {
    const loop = [{ Type: "redirect" as const, RedirectConfig: { StatusCode: "HTTP_301" as const } }];
    await expect(world.rule(listener, 1, [path("/*")], loop)).rejects.toMatchObject({
      code: "InvalidLoadBalancerAction",
    });
    const [defaultRule] = await rules();
    await expect(world.call("DeleteRule", { RuleArn: defaultRule?.RuleArn })).rejects.toMatchObject({
      code: "OperationNotPermitted",
    });
  });

  it("are at most 100 on a load balancer, those of its listeners together, their default rules not counted", async () => {
    const second = await world.listener(balancer, fixed("404"), 81);
    for (let priority = 1; priority <= 100; priority++) {
      await world.rule(priority % 2 ? listener : second, priority, [path("/*")], fixed("200"));
      await world.clock.advance(1000);
    }
    for (const one of [listener, second]) {
      await expect(world.rule(one, 101, [path("/*")], fixed("200"))).rejects.toMatchObject({ code: "TooManyRules" });
    }
    const other = await world.listener(await world.balancer("other"), fixed("404"));
    await world.rule(other, 101, [path("/*")], fixed("200"));
  });

  it("keep what a change does not name", async () => {
    const rule = await world.rule(listener, 1, [path("/api/*")], forwardTo(group));
    await world.call("ModifyRule", { RuleArn: rule, Actions: fixed("503") });
    expect((await rules())[0]?.Conditions).toMatchObject([{ Values: ["/api/*"] }]);
  });
});

describe("target groups", () => {
  // Semantic: unique names. Source: API reference of CreateTargetGroup: idempotent with the same settings,
  // DuplicateTargetGroupName otherwise.
  it("are created once under a name, and only with the same settings again", async () => {
    expect(await world.group("web")).toBe(group);
    await expect(world.group("web", { Port: 9090 })).rejects.toMatchObject({ code: "DuplicateTargetGroupName" });
  });

  // Semantic: in-use dependencies: the target group of a rule. Source: API reference of DeleteTargetGroup,
  // ResourceInUse.
  it("cannot be deleted while a rule names them, even with weight 0", async () => {
    const other = await world.group("other");
    const rule = await world.rule(listener, 1, [path("/*")], forwardTo([other, 1], [group, 0]));
    await expect(world.call("DeleteTargetGroup", { TargetGroupArn: group })).rejects.toMatchObject({
      code: "ResourceInUse",
    });
    await world.call("DeleteRule", { RuleArn: rule });
    await world.call("DeleteTargetGroup", { TargetGroupArn: group });
    await expect(world.call("DescribeTargetGroups", { TargetGroupArns: [group] })).rejects.toMatchObject({
      code: "TargetGroupNotFound",
    });
  });

  it("name the one load balancer that uses them", async () => {
    await world.rule(listener, 1, [path("/*")], forwardTo(group));
    const answer = await world.call("DescribeTargetGroups", { Names: ["web"] });
    expect(answer).toMatchObject({ TargetGroups: [{ LoadBalancerArns: [balancer] }] });
  });

  it("refuse attributes outside their ranges by name", async () => {
    const change = (Key: string, Value: string) =>
      world.call("ModifyTargetGroupAttributes", { TargetGroupArn: group, Attributes: [{ Key, Value }] });
    await expect(change("deregistration_delay.timeout_seconds", "3601")).rejects.toMatchObject({
      code: "InvalidConfigurationRequest",
    });
    await expect(change("slow_start.duration_seconds", "10")).rejects.toMatchObject({
      code: "InvalidConfigurationRequest",
    });
    await expect(change("no.such.attribute", "1")).rejects.toMatchObject({ code: "InvalidConfigurationRequest" });
    await change("slow_start.duration_seconds", "30");
  });
});

describe("load balancers", () => {
  it("are deleted with their listeners, and their groups become free", async () => {
    await world.rule(listener, 1, [path("/*")], forwardTo(group));
    await world.call("DeleteLoadBalancer", { LoadBalancerArn: balancer });
    await world.call("DeleteLoadBalancer", { LoadBalancerArn: balancer });
    await expect(world.call("DescribeListeners", { ListenerArns: [listener] })).rejects.toMatchObject({
      code: "ListenerNotFound",
    });
    await world.call("DeleteTargetGroup", { TargetGroupArn: group });
  });

  it("with deletion protection stay", async () => {
    const Attributes = [{ Key: "deletion_protection.enabled", Value: "true" }];
    await world.call("ModifyLoadBalancerAttributes", { LoadBalancerArn: balancer, Attributes });
    await expect(world.call("DeleteLoadBalancer", { LoadBalancerArn: balancer })).rejects.toMatchObject({
      code: "OperationNotPermitted",
    });
    await world.call("DescribeLoadBalancers", { LoadBalancerArns: [balancer] });
  });

  it("need subnets in two zones", async () => {
    await expect(world.call("CreateLoadBalancer", { Name: "x", Subnets: ["subnet-a"] })).rejects.toMatchObject({
      code: "ValidationError",
    });
    await expect(
      world.call("CreateLoadBalancer", { Name: "x", Subnets: ["subnet-a", "subnet-z"] }),
    ).rejects.toMatchObject({ code: "SubnetNotFound" });
  });

  // Semantic: ELBv2: metrics only with traffic, 60 seconds apart. Source: Application Load Balancers guide, "CloudWatch
  // metrics": reported only when requests flow, in 60-second intervals.
  it("record health every minute, and traffic only when there was some", async () => {
    await world.rule(listener, 1, [path("/*")], forwardTo(group));
    await world.register(group, "i-00000001");
    await world.clock.advance(61_000);
    const TargetGroup = group.slice(group.lastIndexOf(":") + 1);
    const LoadBalancer = balancer.slice(balancer.indexOf("loadbalancer/") + "loadbalancer/".length);
    expect(world.recorded).toContainEqual({
      name: "HealthyHostCount",
      dimensions: { LoadBalancer, TargetGroup },
      value: 1,
    });
    expect(world.recorded.some(({ name }) => name === "RequestCount")).toBe(false);
    world.traffic.counts = [
      {
        balancerArn: balancer,
        groupArn: group,
        requests: 7,
        answersByHundred: [0, 0, 5, 0, 0, 2],
        ownErrors: 0,
        connectionErrors: 0,
        unhealthyRouting: 0,
        responseSeconds: [0.25],
      },
    ];
    await world.clock.advance(60_000);
    expect(world.recorded).toContainEqual({
      name: "RequestCount",
      dimensions: { LoadBalancer, TargetGroup },
      value: 7,
    });
    expect(world.recorded).toContainEqual({
      name: "HTTPCode_Target_5XX_Count",
      dimensions: { LoadBalancer, TargetGroup },
      value: 2,
    });
    expect(world.recorded.some(({ name }) => name === "HTTPCode_Target_4XX_Count")).toBe(false);
  });
});
