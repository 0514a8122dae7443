import { performance } from "node:perf_hooks";
import { emptyHead } from "../../shared/domain/head.ts";
import { changes, type OwnImage, planImages } from "../../shared/domain/image-plan.ts";
import { ledgerUses } from "../../shared/domain/image-uses.ts";
import { type Bench, type BenchOptions, type Measurement, median, rounded } from "../measurement.ts";
import { type Gathered, gather } from "./gathering.ts";
import { generationsOf, idOf, nameOfImage, serviceName, size, unneededOrdinal } from "./many-images.ts";

const runs = { short: 5, large: 25 } as const;
const mib = 1024 * 1024;
const stage = "dev";

/** EC2's bucket for reads: so many calls at once, then 20 a second (EC2 developer guide, request throttling). */
const readsAtOnce = 100;

/** What it takes to decide what becomes of the images of a very large stage, and to learn what that takes. */
export const reap: Bench = { name: "reap", title: "Reaping: planning and its inputs", run };

async function run({ large, progress }: BenchOptions): Promise<Measurement> {
  const count = large ? runs.large : runs.short;
  const planned = Array.from({ length: count }, () => plan());
  progress("planned; filling a stage");
  return measurement(planned, count, await gather(progress));
}

interface Planned {
  milliseconds: number;
  /** Unit: bytes the heap grew by, at most: garbage is in it. */
  heapBytes: number;
  actions: number;
}

/** One plan for every image of the stage, from facts that are in memory. */
function plan(): Planned {
  const services = facts();
  const elsewhere = instancesOfOthers();
  const heapBefore = process.memoryUsage().heapUsed;
  const began = performance.now();
  let actions = 0;
  for (const { head, images } of services) {
    const { uses, incomplete } = ledgerUses(stage, head, images, () => undefined);
    for (const { imageId } of images) if (elsewhere.has(imageId)) uses.set(imageId, "an instance runs from it");
    const inventory = { images, uses, incomplete, marks: {}, lastSeen: undefined, graceSeconds: 3600 };
    actions += planImages(inventory, 0).lines.filter(changes).length;
  }
  const milliseconds = performance.now() - began;
  return { milliseconds, heapBytes: Math.max(0, process.memoryUsage().heapUsed - heapBefore), actions };
}

function facts() {
  let number = 0;
  return Array.from({ length: size.services }, (_, index) => {
    const service = serviceName(index);
    const generations = generationsOf(service);
    const images = generations.map(
      (generation): OwnImage => ({
        imageId: idOf("ami", ++number),
        name: nameOfImage(stage, service, generation),
        generation,
        state: "available",
        protectedBy: undefined,
      }),
    );
    const live = { generation: generations.at(-1) ?? "", since: "" };
    return { head: { ...emptyHead(service), live, kept: generations.slice(unneededOrdinal) }, images };
  });
}

function instancesOfOthers(): Set<string> {
  return new Set(Array.from({ length: size.instances }, (_, index) => idOf("ami", (index + 1) * 10)));
}

function measurement(planned: readonly Planned[], count: number, gathered: Gathered): Measurement {
  const images = size.services * size.imagesOfEach;
  const ec2 = [...gathered.calls].filter(([name]) => name.startsWith("ec2:"));
  const reads = (name: string) => gathered.calls.get(name) ?? 0;
  const marked = gathered.plans.flatMap(({ lines }) => lines.filter(changes)).length;
  return {
    settings: { images, services: size.services, instances: size.instances, runs: count },
    figures: [
      {
        name: "Planning, median",
        value: rounded(median(planned.map(({ milliseconds }) => milliseconds)) / 1000, 3),
        unit: "s",
        atMost: 1,
      },
      {
        name: "Heap it takes, the most of all runs",
        value: rounded(Math.max(...planned.map(({ heapBytes }) => heapBytes)) / mib, 1),
        unit: "MiB",
        atMost: 256,
      },
      {
        name: "DescribeImages calls, one after another",
        value: reads("ec2:DescribeImages"),
        unit: "",
        atMost: 2 * readsAtOnce,
      },
      { name: "DescribeInstances calls", value: reads("ec2:DescribeInstances"), unit: "", atMost: readsAtOnce },
      {
        name: "DescribeLaunchTemplateVersions calls",
        value: reads("ec2:DescribeLaunchTemplateVersions"),
        unit: "",
        atMost: readsAtOnce,
      },
      { name: "Calls that were throttled", value: gathered.throttled, unit: "", atMost: 0 },
    ],
    tables: [
      {
        title: "Calls of one survey of all images",
        header: ["Call", "Times"],
        rows: [...ec2, ...[...gathered.calls].filter(([name]) => !name.startsWith("ec2:"))].map(([name, times]) => [
          name,
          String(times),
        ]),
      },
    ],
    notes: [
      `Each of ${size.services} services keeps ${size.imagesOfEach - unneededOrdinal} images and has one that nothing needs; the survey found ${marked} of them.`,
      "The inputs are gathered from the embedded cloud, which answers in pages of AWS's sizes and throttles by EC2's published buckets; each call takes 50 ms. The aim for each kind is one full bucket, which needs no wait; a bucket refills by 20 calls a second.",
      "Who else uses an image is asked about unneeded ones only, 200 in a call, so the number of instances does not matter. S3 answers 5,500 reads a second for each prefix.",
      "The survey reads two documents a service for its images; heads and leases, which every sweep reads, are not counted here.",
    ],
  };
}
