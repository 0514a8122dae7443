import type { EC2Client } from "@aws-sdk/client-ec2";
import type { ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import { Vcpus } from "../../shared/aws/vcpus.ts";
import type { ServiceSpec } from "../../shared/domain/service-spec.ts";
import { about, type Finding } from "./finding.ts";

/** Whether the account may run a candidate beside everything that runs now. */
export async function checkVcpus(
  quotas: ServiceQuotasClient,
  ec2: EC2Client,
  { instanceType, capacity }: ServiceSpec,
): Promise<Finding[]> {
  const { ok, warn, fail, notChecked } = about("vCPU quota");
  const standing = await new Vcpus(quotas, ec2).standing(instanceType);
  if (!standing) {
    return [
      notChecked(
        `${instanceType} has a quota of its own`,
        "See the EC2 quota of its family: a deploy runs two fleets.",
      ),
    ];
  }
  const { free, quota, each, named } = standing;
  const says = `${free} of ${quota} vCPUs are free, one ${instanceType} has ${each}`;
  const fix = `Ask Service Quotas for more: ${named}.`;
  if (free < capacity.min * each) return [fail(`${says}; a deploy needs ${capacity.min} of them`, fix)];
  if (free < capacity.max * each) return [warn(`${says}; a deploy at full size needs ${capacity.max} of them`, fix)];
  return [ok(says)];
}
