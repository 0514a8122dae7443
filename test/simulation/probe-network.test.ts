import { beforeAll, describe, expect, it } from "vitest";
import { type SimulatedStage, stageName } from "../../scripts/simulate/simulated-stage.ts";
import { type LiveService, liveService } from "./live-service.ts";

let service: LiveService;

beforeAll(async () => {
  service = await liveService();
}, 120_000);

interface StackEvents {
  StackEvents: { ResourceStatus: string; ResourceStatusReason?: string; LogicalResourceId: string }[];
}

/** Updates the stack with parameters alone, and waits for its end. @returns The stack's status. */
async function updated({ cloud }: SimulatedStage, parameters: Record<string, string>): Promise<string> {
  const StackName = `kiln-${stageName}`;
  await cloud.call("cloudformation", "UpdateStack", {
    StackName,
    UsePreviousTemplate: true,
    Capabilities: ["CAPABILITY_NAMED_IAM"],
    Parameters: Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({ ParameterKey, ParameterValue })),
  });
  for (;;) {
    await cloud.until(() => false, 5_000);
    const { Stacks } = await cloud.call<{ Stacks: { StackStatus: string }[] }>("cloudformation", "DescribeStacks", {
      StackName,
    });
    const status = Stacks[0]?.StackStatus ?? "";
    if (!status.endsWith("_IN_PROGRESS")) return status;
  }
}

async function placeOf({ cloud }: SimulatedStage): Promise<Record<string, string>> {
  const { Subnets } = await cloud.call<{ Subnets: { SubnetId: string }[] }>("ec2", "DescribeSubnets", {});
  const { SecurityGroups } = await cloud.call<{ SecurityGroups: { GroupId: string }[] }>(
    "ec2",
    "DescribeSecurityGroups",
    {},
  );
  return {
    ProbeSubnets: Subnets.slice(0, 2)
      .map(({ SubnetId }) => SubnetId)
      .join(","),
    ProbeSecurityGroups: SecurityGroups[0]?.GroupId ?? "",
  };
}

describe("a probe inside a VPC", () => {
  it("stands in the subnets that the stack was given, and judges candidates from there", async () => {
    const stage = await service.open();
    const place = await placeOf(stage);
    expect(await updated(stage, place)).toBe("UPDATE_COMPLETE");
    const probe = await stage.cloud.call("lambda", "GetFunctionConfiguration", {
      FunctionName: `kiln-${stageName}-probe`,
    });
    expect(probe).toMatchObject({
      VpcConfig: {
        SubnetIds: place["ProbeSubnets"]?.split(","),
        SecurityGroupIds: [place["ProbeSecurityGroups"]],
      },
    });
    await stage.deploy("web", "2");
    expect(stage.executions("deploy").at(-1)?.status).toBe("SUCCEEDED");
  });

  it("stays outside when a subnet does not exist, with Lambda's reason among the stack's events", async () => {
    const stage = await service.open();
    const place = await placeOf(stage);
    expect(await updated(stage, { ...place, ProbeSubnets: "subnet-00000000" })).toBe("UPDATE_ROLLBACK_COMPLETE");
    const { StackEvents } = await stage.cloud.call<StackEvents>("cloudformation", "DescribeStackEvents", {
      StackName: `kiln-${stageName}`,
    });
    expect(StackEvents.find(({ ResourceStatus }) => ResourceStatus === "UPDATE_FAILED")).toMatchObject({
      LogicalResourceId: "ProbeLambdaFunction",
      ResourceStatusReason: expect.stringContaining("InvalidSubnetID.NotFound"),
    });
  });

  it("is refused before anything changes when one of its subnets is no subnet's id", async () => {
    const stage = await service.open();
    const { ProbeSubnets = "", ...rest } = await placeOf(stage);
    await expect(updated(stage, { ...rest, ProbeSubnets: `${ProbeSubnets},vpc-0123` })).rejects.toThrow(
      "Parameter 'ProbeSubnets' must match pattern",
    );
  });

  it("needs security groups as well", async () => {
    const stage = await service.open();
    const { ProbeSubnets = "" } = await placeOf(stage);
    expect(await updated(stage, { ProbeSubnets })).toBe("UPDATE_ROLLBACK_COMPLETE");
  });
});
