import { type SimulatedStage, stageName } from "./simulated-stage.ts";

/** Makes a security group of the stage that lets nothing in or out, as a quarantine wants it. @returns Its id. */
export async function sealedGroup(stage: SimulatedStage): Promise<string> {
  const GroupId = await ordinaryGroup(stage);
  const everything = [{ IpProtocol: "-1", IpRanges: [{ CidrIp: "0.0.0.0/0" }] }];
  await stage.cloud.call("ec2", "RevokeSecurityGroupEgress", { GroupId, IpPermissions: everything });
  return GroupId;
}

/** The same as EC2 makes it, with its rule that lets everything out. @returns Its id. */
export async function ordinaryGroup(stage: SimulatedStage): Promise<string> {
  const { Vpcs } = await stage.cloud.call<{ Vpcs: { VpcId: string }[] }>("ec2", "DescribeVpcs", {});
  const { GroupId } = await stage.cloud.call<{ GroupId: string }>("ec2", "CreateSecurityGroup", {
    GroupName: "quarantine",
    Description: "nothing in, nothing out",
    VpcId: Vpcs[0]?.VpcId,
    TagSpecifications: [{ ResourceType: "security-group", Tags: [{ Key: "kiln:stage", Value: stageName }] }],
  });
  await stage.settle();
  return GroupId;
}
