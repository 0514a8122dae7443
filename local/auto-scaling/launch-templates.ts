import type { LaunchTemplateSpecification, MixedInstancesPolicy } from "@aws-sdk/client-auto-scaling";
import type { ResponseLaunchTemplateData, RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import { AwsError } from "../core/aws-error.ts";
import type { Caller } from "../core/kernel.ts";
import type { GroupDocument, TemplateReference } from "./documents.ts";
import { invalid, unsupported } from "./errors.ts";
import type { Neighbours } from "./neighbours.ts";

/** What a group launches from. */
export type LaunchSource = Pick<GroupDocument, "template" | "instanceTypes" | "mixedInstancesPolicy">;

export interface ResolvedTemplate {
  reference: TemplateReference;
  data: ResponseLaunchTemplateData;
}

/**
 * Checks the launch template or mixed instances policy of a request and that its caller may launch from it.
 *
 * Creating or updating a group with a launch template needs `ec2:RunInstances` for the caller, and with it what
 * RunInstances itself asks for (`iam:PassRole`, `ec2:CreateTags`); the check is made then and not when instances launch.
 * Source: "Control Amazon EC2 launch template usage in Auto Scaling groups" in the Auto Scaling user guide.
 * @param subnetId A subnet the group launches into, for the check.
 * @throws {AwsError} ValidationError for a template that does not exist, AccessDenied.
 */
export async function acceptedLaunchSource(
  neighbours: Neighbours,
  input: {
    LaunchTemplate?: LaunchTemplateSpecification | undefined;
    MixedInstancesPolicy?: MixedInstancesPolicy | undefined;
  },
  subnetId: string | undefined,
  caller: Caller,
): Promise<LaunchSource | undefined> {
  const policy = input.MixedInstancesPolicy;
  if (policy && input.LaunchTemplate) {
    throw invalid(
      "Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or MixedInstancesPolicy parameter.",
    );
  }
  const specification = input.LaunchTemplate ?? policy?.LaunchTemplate?.LaunchTemplateSpecification;
  if (!specification) return undefined;
  const instanceTypes = policy ? acceptedOverrides(policy) : [];
  const { reference, data } = await resolveTemplate(neighbours, specification);
  // The group keeps the version as it was named: `$Latest` stays `$Latest`.
  const template = { ...reference, version: specification.Version ?? "$Default" };
  if (!data.ImageId)
    throw invalid("You must use a valid fully-formed launch template. The request must contain the parameter ImageId");
  if (!data.InstanceType && instanceTypes.length === 0) {
    throw invalid(
      "You must use a valid fully-formed launch template. The request must contain the parameter InstanceType",
    );
  }
  await neighbours.mayRun(launchInput({ reference, data }, subnetId, instanceTypes[0]), caller);
  return { template, instanceTypes, mixedInstancesPolicy: policy };
}

/** @throws {AwsError} ValidationError when template or version do not exist. */
export async function resolveTemplate(
  neighbours: Neighbours,
  { LaunchTemplateId, LaunchTemplateName, Version = "$Default" }: LaunchTemplateSpecification,
): Promise<ResolvedTemplate> {
  if ((LaunchTemplateId === undefined) === (LaunchTemplateName === undefined)) {
    throw invalid("Valid requests must contain either LaunchTemplateId or LaunchTemplateName");
  }
  if (!/^(\d+|\$Latest|\$Default)$/.test(Version)) throw invalid(`Launch template version '${Version}' is not valid`);
  try {
    const found = await neighbours.template({ id: LaunchTemplateId, name: LaunchTemplateName }, Version);
    if (!found)
      throw new AwsError(
        "InvalidLaunchTemplateId.VersionNotFound",
        `Could not find launch template version ${Version}`,
      );
    const {
      LaunchTemplateId: id = "",
      LaunchTemplateName: name = "",
      VersionNumber,
      LaunchTemplateData: data = {},
    } = found;
    return { reference: { id, name, version: String(VersionNumber) }, data };
  } catch (error) {
    if (!(error instanceof AwsError) || !error.code.startsWith("InvalidLaunchTemplate")) throw error;
    throw invalid(`You must use a valid fully-formed launch template. ${error.message}`);
  }
}

/** RunInstances for one instance from a template. A template that describes network interfaces takes the subnet there. */
export function launchInput(
  { reference, data }: ResolvedTemplate,
  subnetId: string | undefined,
  instanceType: string | undefined,
): RunInstancesCommandInput {
  const [first, ...rest] = data.NetworkInterfaces ?? [];
  const network = first
    ? {
        NetworkInterfaces: [{ ...first, SubnetId: subnetId }, ...rest] as RunInstancesCommandInput["NetworkInterfaces"],
      }
    : { SubnetId: subnetId };
  return {
    LaunchTemplate: { LaunchTemplateId: reference.id, Version: reference.version },
    MinCount: 1,
    MaxCount: 1,
    ...(subnetId === undefined ? {} : network),
    ...(instanceType === undefined
      ? {}
      : { InstanceType: instanceType as NonNullable<RunInstancesCommandInput["InstanceType"]> }),
  };
}

/** On-demand instances of several types, tried in their order; anything else a mixed instances policy can say is refused. */
function acceptedOverrides({ LaunchTemplate, InstancesDistribution }: MixedInstancesPolicy): string[] {
  const { OnDemandAllocationStrategy = "prioritized", OnDemandPercentageAboveBaseCapacity = 100 } =
    InstancesDistribution ?? {};
  if (OnDemandPercentageAboveBaseCapacity !== 100)
    throw unsupported("Spot Instances (OnDemandPercentageAboveBaseCapacity below 100)");
  if (OnDemandAllocationStrategy !== "prioritized")
    throw unsupported(`the allocation strategy '${OnDemandAllocationStrategy}'`);
  return (LaunchTemplate?.Overrides ?? []).map((override) => {
    if (override.InstanceType === undefined) throw unsupported("overrides without an instance type");
    if (override.WeightedCapacity !== undefined) throw unsupported("weighted capacity");
    if (override.LaunchTemplateSpecification !== undefined) throw unsupported("launch templates per override");
    return override.InstanceType;
  });
}
