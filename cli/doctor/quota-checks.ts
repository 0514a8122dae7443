import {
  type _InstanceType,
  DescribeInstanceTypesCommand,
  type EC2Client,
  paginateDescribeInstances,
} from "@aws-sdk/client-ec2";
import { GetServiceQuotaCommand, type ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import type { ServiceSpec } from "../../shared/domain/service-spec.ts";
import { about, type Finding } from "./finding.ts";

/** Running On-Demand Standard instances, counted in vCPUs. Source: EC2 user guide, "On-Demand Instance quotas". */
const standardVcpus = { ServiceCode: "ec2", QuotaCode: "L-1216C47A" } as const;
const standardFamily = /^[acdhimrtz]\d/;

/** Whether the account may run a candidate beside everything that runs now. */
export async function checkVcpus(
  quotas: ServiceQuotasClient,
  ec2: EC2Client,
  { instanceType, capacity }: ServiceSpec,
): Promise<Finding[]> {
  const { ok, warn, fail, notChecked } = about("vCPU quota");
  if (!standardFamily.test(instanceType)) {
    return [
      notChecked(
        `${instanceType} has a quota of its own`,
        "See the EC2 quota of its family: a deploy runs two fleets.",
      ),
    ];
  }
  const { Quota } = await quotas.send(new GetServiceQuotaCommand(standardVcpus));
  const running = await runningTypes(ec2);
  const vcpus = await vcpusOf(ec2, [...new Set([...running, instanceType])]);
  const used = running.reduce((sum, type) => sum + (vcpus.get(type) ?? 0), 0);
  const free = (Quota?.Value ?? 0) - used;
  const each = vcpus.get(instanceType) ?? 0;
  const says = `${free} of ${Quota?.Value} vCPUs are free, one ${instanceType} has ${each}`;
  const fix = `Ask Service Quotas for more: ${standardVcpus.QuotaCode}, ${Quota?.QuotaName}.`;
  if (free < capacity.min * each) return [fail(`${says}; a deploy needs ${capacity.min} of them`, fix)];
  if (free < capacity.max * each) return [warn(`${says}; a deploy at full size needs ${capacity.max} of them`, fix)];
  return [ok(says)];
}

/** The standard types of everything that counts, one for each instance. */
async function runningTypes(ec2: EC2Client): Promise<string[]> {
  const Filters = [{ Name: "instance-state-name", Values: ["pending", "running"] }];
  const types: string[] = [];
  for await (const { Reservations = [] } of paginateDescribeInstances({ client: ec2 }, { Filters })) {
    types.push(
      ...Reservations.flatMap(({ Instances = [] }) => Instances).flatMap(({ InstanceType }) => InstanceType ?? []),
    );
  }
  return types.filter((type) => standardFamily.test(type));
}

async function vcpusOf(ec2: EC2Client, types: string[]): Promise<Map<string, number>> {
  const { InstanceTypes = [] } = await ec2.send(
    new DescribeInstanceTypesCommand({ InstanceTypes: types as _InstanceType[] }),
  );
  return new Map(InstanceTypes.map(({ InstanceType = "", VCpuInfo }) => [InstanceType, VCpuInfo?.DefaultVCpus ?? 0]));
}
