import { beforeEach, describe, expect, it } from "vitest";
import { cloudWatchRequestLimits } from "../../../local/cloudwatch/request-limits.ts";
import { VirtualClock } from "../../../local/core/clock.ts";
import { type Caller, Kernel, type Service } from "../../../local/core/kernel.ts";
import type { LimitOverrides } from "../../../local/core/request-limits.ts";
import { settingsWith } from "../../../local/core/settings.ts";
import { ec2RequestLimits } from "../../../local/ec2/request-limits.ts";
import { lambdaRequestLimits } from "../../../local/lambda/request-limits.ts";
import { loadBalancingRequestLimits } from "../../../local/load-balancing/request-limits.ts";
import { ssmRequestLimits } from "../../../local/ssm/request-limits.ts";
import { stepFunctionsRequestLimits } from "../../../local/step-functions/api/request-limits.ts";

const person: Caller = { kind: "user", arn: "arn:aws:iam::1:user/p", accountId: "1", name: "p" };
const everything = new Proxy({}, { get: () => ({ run: () => ({}) }) });

let clock: VirtualClock;
let kernel: Kernel;

/** A cloud whose services answer everything, with the limits of the real ones. */
function open(requestLimits: LimitOverrides = {}): void {
  clock = new VirtualClock();
  kernel = new Kernel(settingsWith({ requestLimits }), clock);
  kernel.judge = () => undefined;
  const limits = {
    ec2: ec2RequestLimits,
    elasticloadbalancing: loadBalancingRequestLimits,
    lambda: lambdaRequestLimits,
    monitoring: cloudWatchRequestLimits,
    ssm: ssmRequestLimits,
    states: stepFunctionsRequestLimits,
  };
  for (const [id, one] of Object.entries(limits)) {
    kernel.register({ id, limits: one, operations: everything } satisfies Service);
  }
  kernel.register({ id: "s3", operations: everything });
}

/** How many of `count` requests at one instant get through, and what the first refusal is. */
async function burst(
  service: string,
  operation: string,
  count: number,
  input: object = {},
  caller = person,
  from?: string,
) {
  let through = 0;
  let refusal: unknown;
  for (let request = 0; request < count; request++) {
    try {
      await kernel.call(service, operation, input, caller, from);
      through += 1;
    } catch (error) {
      refusal ??= error;
    }
  }
  return { through, refusal };
}

beforeEach(() => open());

describe("Requests are throttled by token bucket", () => {
  // Semantic: API throttling by token bucket. Source: EC2 developer guide, "Request throttling for the Amazon EC2 API".
  it("to EC2, each action by the size of its category, with RequestLimitExceeded", async () => {
    const { through, refusal } = await burst("ec2", "RegisterImage", 60);
    expect(through).toBe(50);
    expect(refusal).toMatchObject({ code: "RequestLimitExceeded", status: 503 });
    expect((await burst("ec2", "DeleteLaunchTemplate", 60)).through).toBe(50);
    expect((await burst("ec2", "DescribeImages", 110)).through).toBe(100);
    expect((await burst("ec2", "RunInstances", 10, { MaxCount: 1 })).through).toBe(5);
  });

  it("to EC2, a read of everything from a smaller bucket than a filtered one", async () => {
    expect((await burst("ec2", "DescribeInstances", 110)).through).toBe(50);
    const filtered = { Filters: [{ Name: "vpc-id", Values: ["vpc-1"] }] };
    expect((await burst("ec2", "DescribeInstances", 110, filtered)).through).toBe(100);
  });

  it("to EC2, launches also by how many instances they are for", async () => {
    expect((await burst("ec2", "RunInstances", 3, { MaxCount: 400 })).through).toBe(2);
    await clock.advance(100_000);
    expect((await burst("ec2", "RunInstances", 1, { MaxCount: 400 })).through).toBe(1);
  });

  it("refill by the second, never beyond their capacity", async () => {
    await burst("ec2", "RegisterImage", 50);
    await clock.advance(2000);
    expect((await burst("ec2", "RegisterImage", 60)).through).toBe(10);
    await clock.advance(3_600_000);
    expect((await burst("ec2", "RegisterImage", 60)).through).toBe(50);
  });

  // Semantic: API throttling by token bucket. Source: Elastic Load Balancing user guide, "Request throttling for the
  // Elastic Load Balancing API".
  it("to Elastic Load Balancing, one bucket for a category, with ThrottlingException", async () => {
    expect((await burst("elasticloadbalancing", "ModifyRule", 15)).through).toBe(15);
    const { through, refusal } = await burst("elasticloadbalancing", "CreateRule", 15);
    expect(through).toBe(5);
    expect(refusal).toMatchObject({ code: "ThrottlingException", message: "Rate exceeded" });
    expect((await burst("elasticloadbalancing", "DescribeTargetHealth", 50)).through).toBe(40);
  });

  it("to Elastic Load Balancing, not those that Auto Scaling and CloudFormation make for a customer", async () => {
    await burst("elasticloadbalancing", "CreateRule", 20);
    const scaling = kernel.serviceCaller("autoscaling.amazonaws.com");
    expect((await burst("elasticloadbalancing", "RegisterTargets", 50, {}, scaling)).through).toBe(50);
    const stack = await burst("elasticloadbalancing", "CreateRule", 50, {}, person, "cloudformation.amazonaws.com");
    expect(stack.through).toBe(50);
  });

  // Semantic: API throttling by token bucket. Source: Lambda developer guide, "Lambda quotas", API requests.
  it("to Lambda, 15 a second for all of the control plane, with TooManyRequestsException", async () => {
    expect((await burst("lambda", "PublishVersion", 10)).through).toBe(10);
    const { through, refusal } = await burst("lambda", "UpdateFunctionCode", 10);
    expect(through).toBe(5);
    expect(refusal).toMatchObject({ code: "TooManyRequestsException", status: 429 });
    expect((await burst("lambda", "Invoke", 100, { FunctionName: "f" })).through).toBe(100);
  });

  // Semantic: API throttling by token bucket. Source: Step Functions developer guide, "Quotas related to API action
  // throttling".
  it("to Step Functions, with ThrottlingException", async () => {
    const { through, refusal } = await burst("states", "DescribeExecution", 310);
    expect(through).toBe(300);
    expect(refusal).toMatchObject({ code: "ThrottlingException", status: 400 });
    await clock.advance(1000);
    expect((await burst("states", "DescribeExecution", 310)).through).toBe(15);
  });

  // Semantic: API throttling by token bucket. Source: AWS General Reference, endpoints and quotas of Systems Manager
  // and of CloudWatch.
  it("to Parameter Store for reads together, to CloudWatch for each operation, to S3 not at all", async () => {
    expect((await burst("ssm", "GetParameters", 30)).through).toBe(30);
    expect((await burst("ssm", "GetParameter", 30)).through).toBe(10);
    const alarms = await burst("monitoring", "DescribeAlarms", 12);
    expect([alarms.through, (alarms.refusal as { code: string }).code]).toEqual([9, "Throttling"]);
    expect((await burst("s3", "PutObject", 500)).through).toBe(500);
  });

  it("by other sizes when the settings say so, or not at all", async () => {
    open({ "ec2:mutating": { capacity: 2, refillPerSecond: 1 } });
    expect((await burst("ec2", "RegisterImage", 5)).through).toBe(2);
    open("none");
    expect((await burst("ec2", "RegisterImage", 500)).through).toBe(500);
  });
});
