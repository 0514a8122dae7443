import { describe, expect, it } from "vitest";
import { checkedInput } from "../../../local/wire/exchange.ts";
import { loadModel } from "../../../local/wire/model.ts";

async function check(serviceId: string, operationName: string, input: object): Promise<unknown> {
  const model = await loadModel(serviceId);
  const operation = model?.operations.get(operationName);
  if (!model || !operation) throw new Error(`no ${serviceId}:${operationName}`);
  return checkedInput(model, operation, input);
}

const group = { AutoScalingGroupName: "g", MinSize: 0, MaxSize: 1 };

describe("an input", () => {
  it.each([
    [
      "iam",
      "GetRole",
      { RoleName: "a b" },
      "ValidationError",
      "'a b' at 'roleName' failed to satisfy constraint: Member must satisfy regular",
    ],
    [
      "iam",
      "GetRole",
      { RoleName: "a".repeat(65) },
      "ValidationError",
      "Member must have length less than or equal to 64",
    ],
    [
      "iam",
      "GetRole",
      {},
      "ValidationError",
      "Value null at 'roleName' failed to satisfy constraint: Member must not be null",
    ],
    [
      "elasticloadbalancing",
      "CreateRule",
      { ListenerArn: "a", Conditions: [], Actions: [], Priority: 50_001 },
      "ValidationError",
      "less than or equal to 50000",
    ],
    [
      "elasticloadbalancing",
      "CreateTargetGroup",
      { Name: "t", Protocol: "SPDY" },
      "ValidationError",
      "Member must satisfy enum value set: [HTTP, HTTPS",
    ],
    [
      "autoscaling",
      "CreateAutoScalingGroup",
      { ...group, AutoScalingGroupName: "" },
      "ValidationError",
      "length greater than or equal to 1",
    ],
    [
      "lambda",
      "CreateFunction",
      { FunctionName: "f", Role: "arn:aws:iam::123456789012:role/r", Code: {}, MemorySize: 64 },
      "ValidationException",
      "'64' at 'memorySize'",
    ],
    [
      "lambda",
      "CreateFunction",
      { FunctionName: "f", Role: "arn:aws:iam::123456789012:role/r", Code: {}, Architectures: ["mips"] },
      "ValidationException",
      "'mips' at 'architectures.1.member'",
    ],
    ["ec2", "RunInstances", { MinCount: 1 }, "MissingParameter", "The request must contain the parameter MaxCount"],
    ["ec2", "RegisterImage", { Name: "ab" }, "InvalidParameterValue", "length greater than or equal to 3"],
    ["states", "StartExecution", { stateMachineArn: 7 }, "ValidationException", "Member must be of type string"],
  ] as const)("of %s:%s %j is refused as %s", async (service, operation, input, code, message) => {
    await expect(check(service, operation, input)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });

  it("has all its problems named together", async () => {
    const failed = check("autoscaling", "CreateAutoScalingGroup", { AutoScalingGroupName: "", HealthCheckType: "" });
    await expect(failed).rejects.toMatchObject({
      message: expect.stringMatching(/^4 validation errors detected: .*; .*; .*; /),
    });
  });

  it("is copied, and what its model does not have is left out", async () => {
    const input = { ...group, AvailabilityZones: ["a"], Unknown: 1, VPCZoneIdentifier: undefined };
    const checked = (await check("autoscaling", "CreateAutoScalingGroup", input)) as typeof input;
    expect(checked).toEqual({ ...group, AvailabilityZones: ["a"] });
    expect(checked.AvailabilityZones).not.toBe(input.AvailabilityZones);
  });
});
