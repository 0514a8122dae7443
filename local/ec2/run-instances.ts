import type { RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import { AwsError } from "../core/aws-error.ts";
import type { Call, Operation } from "../core/kernel.ts";
import type { Capacity } from "./capacity.ts";
import { ClientTokens } from "./client-tokens.ts";
import { invalidParameter } from "./errors.ts";
import { beginLaunch } from "./instance-power.ts";
import { shownReservation } from "./instance-shape.ts";
import { launchPermissions } from "./launch-permissions.ts";
import { launchPlan } from "./launch-plan.ts";
import { type LaunchRequest, launchRequest } from "./launch-request.ts";
import { newInstance } from "./new-instance.ts";
import { operation } from "./operation.ts";
import { specifiedTags } from "./tags.ts";
import type { Ec2World } from "./world.ts";

interface InstanceProfile {
  Arn: string;
  InstanceProfileId: string;
  Roles: { Arn: string }[];
}

/** RunInstances: launches between MinCount and MaxCount instances, or none. */
export function runInstances(world: Ec2World, capacity: Capacity): Record<string, Operation> {
  const tokens = new ClientTokens(world, "RunInstances", 64);
  return operation<RunInstancesCommandInput, object>({
    name: "RunInstances",
    accepts: [
      "BlockDeviceMappings",
      "ImageId",
      "InstanceType",
      "KeyName",
      "MaxCount",
      "MinCount",
      "Monitoring",
      "Placement",
      "SecurityGroupIds",
      "SecurityGroups",
      "SubnetId",
      "UserData",
      "TagSpecifications",
      "LaunchTemplate",
      "MetadataOptions",
      "DisableApiStop",
      "DisableApiTermination",
      "InstanceInitiatedShutdownBehavior",
      "ClientToken",
      "NetworkInterfaces",
      "IamInstanceProfile",
      "EbsOptimized",
      "CreditSpecification",
      "MaintenanceOptions",
      "PrivateDnsNameOptions",
    ],
    permissions: (input) => launchPermissions(world, input),
    async rehearse(input, call) {
      const request = launchRequest(world, input);
      await passedProfile(world, request, call);
      launchPlan(world, request);
    },
    async run(input, call) {
      const { ClientToken, ...given } = input;
      const request = launchRequest(world, input);
      const profile = await passedProfile(world, request, call);
      // From here on nothing waits, so that two requests with one token cannot both launch.
      const earlier = tokens.find(ClientToken, given);
      if (earlier !== undefined) return shownAgain(world, earlier);
      const plan = launchPlan(world, request);
      const tags = specifiedTags(request.tagSpecifications, ["instance", "volume", "network-interface"], call);
      const count = capacity.grant(plan.type, plan.subnet.availabilityZone, request.least, request.most);
      const reservationId = world.newId("r-");
      for (let launchIndex = 0; launchIndex < count; launchIndex++) {
        const instance = newInstance(world, { plan, tags, profile, reservationId, launchIndex, call, ClientToken });
        beginLaunch(world, instance);
      }
      tokens.remember(ClientToken, given, reservationId);
      return shownReservation(world, reservationId);
    },
  });
}

/**
 * What an earlier request with the same token launched.
 * @throws {AwsError} IdempotentInstanceTerminated when that is gone: a token never launches twice.
 */
function shownAgain(world: Ec2World, reservationId: string) {
  const instances = world.instances.list().filter((one) => one.reservationId === reservationId);
  if (instances.every((one) => one.state === "terminated")) {
    throw new AwsError(
      "IdempotentInstanceTerminated",
      "The client token you have provided is associated with an instance that has already been terminated",
    );
  }
  return shownReservation(world, reservationId, instances);
}

/**
 * The instance profile of a launch, once its role may be passed to EC2.
 * Source: IAM user guide, "Granting a user permissions to pass a role to an AWS service".
 */
async function passedProfile(
  world: Ec2World,
  request: LaunchRequest,
  call: Call,
): Promise<InstanceProfile | undefined> {
  const given = request.instanceProfile;
  const name = given?.Name ?? given?.Arn?.slice(given.Arn.lastIndexOf("/") + 1);
  if (name === undefined) return undefined;
  const caller = world.kernel.serviceCaller("ec2.amazonaws.com");
  const input = { InstanceProfileName: name };
  try {
    const answer = await world.kernel.call<{ InstanceProfile: InstanceProfile }>(
      "iam",
      "GetInstanceProfile",
      input,
      caller,
    );
    const [role] = answer.InstanceProfile.Roles;
    if (!role)
      throw invalidParameter(`IAM Instance Profile "${answer.InstanceProfile.Arn}" has no associated IAM Roles`);
    call.authorize({
      action: "iam:PassRole",
      resource: role.Arn,
      context: { "iam:PassedToService": "ec2.amazonaws.com" },
    });
    return answer.InstanceProfile;
  } catch (error) {
    if (!(error instanceof AwsError) || !error.code.startsWith("NoSuchEntity")) throw error;
    const parameter = given?.Name === undefined ? "arn" : "name";
    throw invalidParameter(
      `Value (${given?.Name ?? given?.Arn}) for parameter iamInstanceProfile.${parameter} is invalid. Invalid IAM Instance Profile ${parameter}`,
    );
  }
}
