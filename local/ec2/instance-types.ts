import type { DescribeInstanceTypeOfferingsCommandInput, DescribeInstanceTypesCommandInput } from "@aws-sdk/client-ec2";
import { AwsError } from "../core/aws-error.ts";
import type { Operation } from "../core/kernel.ts";
import { type FilterTable, matching } from "./filters.ts";
import { type InstanceType, instanceType, instanceTypes } from "./instance-type-table.ts";
import { operation } from "./operation.ts";
import { page } from "./paging.ts";
import type { Tags } from "./records.ts";
import type { Ec2World } from "./world.ts";
import { zonesOf } from "./zones.ts";

type Described = InstanceType & { tags: Tags };

const filters: FilterTable<Described> = {
  "instance-type": (type) => type.name,
  "processor-info.supported-architecture": (type) => type.architecture,
  "current-generation": () => true,
  "bare-metal": () => false,
  "burstable-performance-supported": (type) => type.burstable,
  "vcpu-info.default-vcpus": (type) => type.vcpus,
  "memory-info.size-in-mib": (type) => type.memoryMiB,
  hypervisor: () => "nitro",
  "supported-virtualization-type": () => "hvm",
};

interface Offering {
  type: string;
  location: string;
  tags: Tags;
}

const offeringFilters: FilterTable<Offering> = {
  "instance-type": (offering) => offering.type,
  location: (offering) => offering.location,
};

export function instanceTypeOperations(world: Ec2World): Record<string, Operation> {
  return {
    ...operation<DescribeInstanceTypesCommandInput, object>({
      name: "DescribeInstanceTypes",
      accepts: ["InstanceTypes", "Filters", "MaxResults", "NextToken"],
      run(input) {
        const unknown = (input.InstanceTypes ?? []).filter((name) => !instanceType(name));
        if (unknown.length > 0) {
          throw new AwsError("InvalidInstanceType", `The following supplied instance types do not exist: [${unknown}]`);
        }
        const chosen = instanceTypes().filter(
          ({ name }) => (input.InstanceTypes as string[] | undefined)?.includes(name) ?? true,
        );
        const found = matching(
          chosen.map((type) => ({ ...type, tags: {} })).sort((a, b) => (a.name < b.name ? -1 : 1)),
          input.Filters,
          filters,
        );
        const { items, NextToken } = page(found, (type) => type.name, input, { min: 5, max: 100 });
        return { InstanceTypes: items.map(shown), NextToken };
      },
    }),
    ...operation<DescribeInstanceTypeOfferingsCommandInput, object>({
      name: "DescribeInstanceTypeOfferings",
      accepts: ["LocationType", "Filters", "MaxResults", "NextToken"],
      run(input) {
        const kind = input.LocationType ?? "region";
        const offerings = instanceTypes().flatMap(({ name }) =>
          locations(world, kind).map((location) => ({ type: name, location, tags: {} })),
        );
        const key = (offering: Offering) => `${offering.type}/${offering.location}`;
        const found = matching(offerings, input.Filters, offeringFilters).sort((a, b) => (key(a) < key(b) ? -1 : 1));
        const { items, NextToken } = page(found, key, input);
        const InstanceTypeOfferings = items.map(({ type, location }) => ({
          InstanceType: type,
          LocationType: kind,
          Location: location,
        }));
        return { InstanceTypeOfferings, NextToken };
      },
    }),
  };
}

function locations(world: Ec2World, kind: string): string[] {
  const { region } = world.kernel.settings;
  if (kind === "availability-zone") return zonesOf(region).map((zone) => zone.name);
  if (kind === "availability-zone-id") return zonesOf(region).map((zone) => zone.id);
  return kind === "region" ? [region] : [];
}

function shown(type: Described) {
  return {
    InstanceType: type.name,
    CurrentGeneration: true,
    FreeTierEligible: type.name === "t3.micro",
    SupportedUsageClasses: ["on-demand", "spot"],
    SupportedRootDeviceTypes: ["ebs"],
    SupportedVirtualizationTypes: ["hvm"],
    SupportedBootModes: type.architecture === "arm64" ? ["uefi"] : ["legacy-bios", "uefi"],
    BareMetal: false,
    Hypervisor: "nitro",
    ProcessorInfo: {
      SupportedArchitectures: [type.architecture],
      SustainedClockSpeedInGhz: type.processor.clockGhz,
      Manufacturer: type.processor.manufacturer,
    },
    VCpuInfo: { DefaultVCpus: type.vcpus },
    MemoryInfo: { SizeInMiB: type.memoryMiB },
    InstanceStorageSupported: false,
    EbsInfo: { EbsOptimizedSupport: "default", EncryptionSupport: "supported", NvmeSupport: "required" },
    NetworkInfo: { EnaSupport: "required", Ipv4AddressesPerInterface: 2, MaximumNetworkInterfaces: 2 },
    BurstablePerformanceSupported: type.burstable,
    HibernationSupported: false,
    AutoRecoverySupported: true,
    DedicatedHostsSupported: !type.burstable,
  };
}
