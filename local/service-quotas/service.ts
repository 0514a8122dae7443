import type { GetServiceQuotaCommandInput, GetServiceQuotaCommandOutput } from "@aws-sdk/client-service-quotas";
import { AwsError } from "../core/aws-error.ts";
import type { Kernel, Operation, Service } from "../core/kernel.ts";

/** A quota that this cloud enforces, and where its value stands. */
export interface EnforcedQuota {
  serviceCode: string;
  serviceName: string;
  quotaCode: string;
  quotaName: string;
  value: () => number;
}

/**
 * Service Quotas: what an account may have of the quotas that this cloud enforces.
 * Differences from AWS: quotas that this cloud does not enforce are unknown; none can be raised.
 */
export class ServiceQuotasService implements Service {
  readonly id = "servicequotas";
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #kernel: Kernel;
  readonly #quotas: readonly EnforcedQuota[];

  constructor(kernel: Kernel, quotas: readonly EnforcedQuota[]) {
    this.#kernel = kernel;
    this.#quotas = quotas;
    this.operations = {
      GetServiceQuota: {
        permissions: ({ ServiceCode, QuotaCode }: GetServiceQuotaCommandInput) => [
          {
            action: "servicequotas:GetServiceQuota",
            resource: kernel.arn("servicequotas", `${ServiceCode}/${QuotaCode}`),
          },
        ],
        run: (input: GetServiceQuotaCommandInput) => this.#get(input),
      },
    };
  }

  /** Source: API reference of GetServiceQuota. */
  #get({ ServiceCode, QuotaCode }: GetServiceQuotaCommandInput): Omit<GetServiceQuotaCommandOutput, "$metadata"> {
    const found = this.#quotas.find((one) => one.serviceCode === ServiceCode && one.quotaCode === QuotaCode);
    if (!found)
      throw new AwsError("NoSuchResourceException", "The request failed because the specified quota does not exist.");
    return {
      Quota: {
        ServiceCode: found.serviceCode,
        ServiceName: found.serviceName,
        QuotaArn: this.#kernel.arn("servicequotas", `${found.serviceCode}/${found.quotaCode}`),
        QuotaCode: found.quotaCode,
        QuotaName: found.quotaName,
        Value: found.value(),
        Unit: "None",
        Adjustable: true,
        GlobalQuota: false,
      },
    };
  }
}
