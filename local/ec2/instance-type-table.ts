/** One instance type this cloud offers. */
export interface InstanceType {
  name: string;
  vcpus: number;
  memoryMiB: number;
  architecture: "x86_64" | "arm64";
  burstable: boolean;
  processor: { manufacturer: string; clockGhz: number };
}

type Size = readonly [size: string, vcpus: number, memoryMiB: number];

const burstableSizes: readonly Size[] = [
  ["nano", 2, 512],
  ["micro", 2, 1024],
  ["small", 2, 2048],
  ["medium", 2, 4096],
  ["large", 2, 8192],
  ["xlarge", 4, 16_384],
  ["2xlarge", 8, 32_768],
];

const generalSizes: readonly Size[] = [
  ["large", 2, 8192],
  ["xlarge", 4, 16_384],
  ["2xlarge", 8, 32_768],
  ["4xlarge", 16, 65_536],
];

function family(
  name: string,
  sizes: readonly Size[],
  architecture: InstanceType["architecture"],
  processor: InstanceType["processor"],
): InstanceType[] {
  return sizes.map(([size, vcpus, memoryMiB]) => ({
    name: `${name}.${size}`,
    vcpus,
    memoryMiB,
    architecture,
    burstable: name.startsWith("t"),
    processor,
  }));
}

/** Types offered in every zone. Source of the figures: Amazon EC2 instance types guide, general purpose. */
const types: readonly InstanceType[] = [
  ...family("t3", burstableSizes, "x86_64", { manufacturer: "Intel", clockGhz: 2.5 }),
  ...family("t4g", burstableSizes, "arm64", { manufacturer: "AWS", clockGhz: 2.5 }),
  ...family("m7i", generalSizes, "x86_64", { manufacturer: "Intel", clockGhz: 3.2 }),
  ...family("m7g", generalSizes, "arm64", { manufacturer: "AWS", clockGhz: 2.6 }),
];

export function instanceTypes(): readonly InstanceType[] {
  return types;
}

export function instanceType(name: string): InstanceType | undefined {
  return types.find((type) => type.name === name);
}
