import type { SimulatedStage } from "./simulated-stage.ts";

/** The name of the profile for `instanceProfile` in a spec. */
export const managedProfile = "managed";

/**
 * Makes an instance profile whose role lets the SSM Agent be reached, as somebody who wants commands has to.
 * @param policies Left empty, the agent may not connect.
 */
export async function makeManagedProfile(
  { cloud }: SimulatedStage,
  policies: readonly string[] = ["arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"],
): Promise<void> {
  const trust = { Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
  const RoleName = managedProfile;
  const call = (operation: string, input: object) => cloud.complete(cloud.call("iam", operation, input));
  await call("CreateRole", { RoleName, Path: "/kiln/dev/instances/", AssumeRolePolicyDocument });
  for (const PolicyArn of policies) await call("AttachRolePolicy", { RoleName, PolicyArn });
  await call("CreateInstanceProfile", { InstanceProfileName: managedProfile });
  await call("AddRoleToInstanceProfile", { InstanceProfileName: managedProfile, RoleName });
}
