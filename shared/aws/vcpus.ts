import {
  type _InstanceType,
  DescribeInstancesCommand,
  DescribeInstanceTypesCommand,
  type EC2Client,
} from "@aws-sdk/client-ec2";
import { GetServiceQuotaCommand, type ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import { isNamed } from "../errors.ts";

/** Running On-Demand Standard instances, counted in vCPUs. Source: EC2 user guide, "On-Demand Instance quotas". */
const standardVcpus = { ServiceCode: "ec2", QuotaCode: "L-1216C47A" } as const;
const standardFamily = /^[acdhimrtz]\d/;

/** How an account stands with its vCPU quota. */
export interface VcpuStanding {
  free: number;
  quota: number;
  /** What one instance of the type takes. */
  each: number;
  /** How the quota is called at Service Quotas. */
  named: string;
}

/** The account's quota of vCPUs and what runs under it. */
export class Vcpus {
  readonly #quotas: ServiceQuotasClient;
  readonly #ec2: EC2Client;

  constructor(quotas: ServiceQuotasClient, ec2: EC2Client) {
    this.#quotas = quotas;
    this.#ec2 = ec2;
  }

  /** Undefined for a type whose family has a quota of its own, and for one that does not exist. */
  async standing(instanceType: string): Promise<VcpuStanding | undefined> {
    if (!standardFamily.test(instanceType)) return undefined;
    const [{ Quota }, running] = await Promise.all([
      this.#quotas.send(new GetServiceQuotaCommand(standardVcpus)),
      this.#running(),
    ]);
    const vcpus = await this.#vcpusOf([...new Set([...running, instanceType])]);
    if (!vcpus) return undefined;
    const used = running.reduce((sum, type) => sum + (vcpus.get(type) ?? 0), 0);
    const quota = Quota?.Value ?? 0;
    const named = `${standardVcpus.QuotaCode}, ${Quota?.QuotaName}`;
    return { free: quota - used, quota, each: vcpus.get(instanceType) ?? 0, named };
  }

  /** The standard types of everything that counts, one for each instance. */
  async #running(): Promise<string[]> {
    const types: string[] = [];
    let token: string | undefined;
    do {
      const page = await this.#ec2.send(
        new DescribeInstancesCommand({
          Filters: [{ Name: "instance-state-name", Values: ["pending", "running"] }],
          ...(token && { NextToken: token }),
        }),
      );
      for (const { Instances = [] } of page.Reservations ?? []) {
        types.push(...Instances.flatMap(({ InstanceType }) => InstanceType ?? []));
      }
      token = page.NextToken;
    } while (token);
    return types.filter((type) => standardFamily.test(type));
  }

  async #vcpusOf(types: string[]): Promise<Map<string, number> | undefined> {
    const InstanceTypes = types as _InstanceType[];
    try {
      const found = (await this.#ec2.send(new DescribeInstanceTypesCommand({ InstanceTypes }))).InstanceTypes ?? [];
      return new Map(found.map(({ InstanceType = "", VCpuInfo }) => [InstanceType, VCpuInfo?.DefaultVCpus ?? 0]));
    } catch (error) {
      // Of those asked for only the one that is to be launched may not exist.
      if (isNamed(error, "InvalidInstanceType")) return undefined;
      throw error;
    }
  }
}
