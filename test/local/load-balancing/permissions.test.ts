import { beforeEach, describe, expect, it } from "vitest";
import type { Requirement } from "../../../local/core/kernel.ts";
import { fixed, forwardTo, path, World } from "./world.ts";

let world: World;
let asked: Requirement[];

beforeEach(async () => {
  world = new World();
  await world.kernel.start();
  asked = [];
  world.kernel.judge = (_, requirement) => void asked.push(requirement);
});

describe("permissions", () => {
  it("to create a tagged target group include AddTags, limited to that creation", async () => {
    await world.group("web", { Tags: [{ Key: "kiln:stage", Value: "dev" }] });
    const resource = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/*";
    const tags = { "aws:TagKeys": ["kiln:stage"], "aws:RequestTag/kiln:stage": "dev" };
    expect(asked).toEqual([
      { action: "elasticloadbalancing:CreateTargetGroup", resource, context: tags },
      {
        action: "elasticloadbalancing:AddTags",
        resource,
        context: { ...tags, "elasticloadbalancing:CreateAction": "CreateTargetGroup" },
      },
    ]);
  });

  it("to change a rule are judged on the rule with its tags, to create one on the listener", async () => {
    const group = await world.group("web");
    const listener = await world.listener(await world.balancer(), fixed("404"));
    const rule = await world.rule(listener, 1, [path("/*")], forwardTo(group));
    await world.call("AddTags", { ResourceArns: [rule], Tags: [{ Key: "kiln:service", Value: "web" }] });
    asked = [];
    await world.rule(listener, 2, [path("/*")], fixed("200"));
    await world.call("ModifyRule", { RuleArn: rule, Actions: fixed("200") });
    expect(asked).toEqual([
      { action: "elasticloadbalancing:CreateRule", resource: listener, context: {} },
      {
        action: "elasticloadbalancing:ModifyRule",
        resource: rule,
        context: { "aws:ResourceTag/kiln:service": "web", "elasticloadbalancing:ResourceTag/kiln:service": "web" },
      },
    ]);
  });

  it("to describe have no resource", async () => {
    await world.call("DescribeTargetGroups", {});
    expect(asked).toEqual([{ action: "elasticloadbalancing:DescribeTargetGroups", resource: "*" }]);
  });

  it("that are missing leave everything as it was", async () => {
    const group = await world.group("web");
    world.kernel.judge = () => "because no identity-based policy allows it";
    await expect(world.call("DeleteTargetGroup", { TargetGroupArn: group })).rejects.toMatchObject({
      code: "AccessDenied",
    });
    world.kernel.judge = () => undefined;
    await world.call("DescribeTargetGroups", { TargetGroupArns: [group] });
  });
});
