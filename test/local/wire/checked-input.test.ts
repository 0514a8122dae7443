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

describe("a parameter that the cloud would ignore", () => {
  it.each([
    ["lambda", "PublishVersion", { FunctionName: "f", PublishTo: "LATEST_PUBLISHED" }, "PublishTo of PublishVersion"],
    [
      "ssm",
      "SendCommand",
      { DocumentName: "AWS-RunShellScript", NotificationConfig: { NotificationType: "Command" } },
      "NotificationConfig of SendCommand",
    ],
    [
      "elasticloadbalancing",
      "CreateRule",
      {
        ListenerArn: "a",
        Conditions: [],
        Priority: 1,
        Actions: [{ Type: "forward", JwtValidationConfig: { JwksEndpoint: "https://a", Issuer: "b" } }],
      },
      "Actions.1.JwtValidationConfig of CreateRule",
    ],
  ])("is refused by name: %s %s", async (service, operation, input, words) => {
    const message = `the embedded cloud does not have the parameter ${words}`;
    await expect(check(service, operation, input)).rejects.toMatchObject({
      code: "NotImplemented",
      status: 501,
      message,
    });
  });

  it("may be given when it asks for nothing, or for what does not exist here", async () => {
    await check("kms", "Encrypt", { KeyId: "k", Plaintext: new Uint8Array(1), DryRun: false, GrantTokens: ["t"] });
    await check("s3", "GetObject", { Bucket: "b", Key: "k", RequestPayer: "requester" });
  });

  it("does not hide that the input is invalid", async () => {
    const input = { FunctionName: "no spaces allowed", PublishTo: "LATEST_PUBLISHED" };
    await expect(check("lambda", "PublishVersion", input)).rejects.toMatchObject({ code: "ValidationException" });
  });
});
