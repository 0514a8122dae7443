import { EC2Client } from "@aws-sdk/client-ec2";
import { S3Client } from "@aws-sdk/client-s3";
import { sleep } from "../../local/core/clock.ts";
import type { Caller } from "../../local/core/kernel.ts";
import type { ImageRecord, InstanceRecord } from "../../local/ec2/records.ts";
import { attachToClient, type CallableKernel } from "../../local/server/attach-to-client.ts";
import { packageInMemory } from "../../scripts/simulate/package-files.ts";
import { openStage, prepareStage, type SimulatedStage, stageName } from "../../scripts/simulate/simulated-stage.ts";
import { Documents } from "../../shared/aws/documents.ts";
import { ImageRecords } from "../../shared/aws/image-records.ts";
import { ImageUsers } from "../../shared/aws/image-users.ts";
import { Images } from "../../shared/aws/images.ts";
import { Ledger } from "../../shared/aws/ledger.ts";
import { Templates } from "../../shared/aws/templates.ts";
import { emptyHead, type Head } from "../../shared/domain/head.ts";
import type { ImagePlan } from "../../shared/domain/image-plan.ts";
import { tagKeys } from "../../shared/domain/names.ts";
import { surveyImages } from "../../shared/image-survey.ts";
import { generationsOf, idOf, nameOfImage, serviceName, size, unneededOrdinal } from "./many-images.ts";

/** Unit: milliseconds of modelled time that a call takes; it is what paces one page after another. */
const callMs = 50;

/** What a survey of everything asked of AWS. */
export interface Gathered {
  /** Answered calls, by `service:Operation`. */
  calls: Map<string, number>;
  throttled: number;
  plans: ImagePlan[];
}

/** Surveys the images of a whole large stage in the embedded cloud, with its request limits, and counts the calls. */
export async function gather(progress: (line: string) => void): Promise<Gathered> {
  const prepared = await prepareStage(await packageInMemory(stageName));
  const stage = await openStage(1, prepared);
  await stage.deploy("web", "1");
  const heads = fill(stage);
  progress("the stage is filled; surveying it");
  const { cloud } = stage;
  const calls = new Map<string, number>();
  let throttled = 0;
  const stop = cloud.kernel.on("call.answered", ({ service, operation, error }) => {
    const name = `${service}:${operation}`;
    calls.set(name, (calls.get(name) ?? 0) + 1);
    if (error?.code === "RequestLimitExceeded" || error?.code === "SlowDown") throttled += 1;
  });
  const distant: CallableKernel = {
    random: cloud.kernel.random,
    call: async <O>(service: string, operation: string, input: unknown, caller: Caller) => {
      await sleep(cloud.kernel.clock, callMs);
      return cloud.kernel.call<O>(service, operation, input, caller);
    },
  };
  const ec2 = attachToClient(new EC2Client(), distant, "ec2", cloud.administrator);
  const s3 = attachToClient(new S3Client(), distant, "s3", cloud.administrator);
  const documents = new Documents(s3, stage.outputs["LedgerBucket"] ?? "");
  const world = {
    config: { stage: stageName },
    ledger: new Ledger(documents),
    templates: new Templates(ec2),
    imageUsers: new ImageUsers(ec2),
    imageRecords: new ImageRecords(documents),
    now: () => cloud.clock.now(),
  };
  const images = await cloud.complete(new Images(ec2).ofStage(stageName));
  const services = heads.map((head) => ({ head, images: images.get(head.service) ?? [] }));
  const plans = await cloud.complete(surveyImages(services, world));
  stop();
  return { calls, throttled, plans };
}

/** Copies the one image and the one instance that are there until there are as many as wanted. */
function fill({ cloud }: SimulatedStage): Head[] {
  const images = cloud.kernel.store.collection<ImageRecord>("ec2.images");
  const instances = cloud.kernel.store.collection<InstanceRecord>("ec2.instances");
  const image = images.list().find(({ tags }) => tags[tagKeys.role] === "image");
  const [instance] = instances.list();
  if (!image || !instance) throw new Error("the first deploy left no image or no instance");
  const heads: Head[] = [];
  let number = 0;
  for (let index = 0; index < size.services; index++) {
    const service = serviceName(index);
    const generations = generationsOf(service);
    for (const generation of generations) {
      const imageId = idOf("ami", ++number);
      const tags = { ...image.tags, [tagKeys.service]: service, [tagKeys.generation]: generation };
      images.put(imageId, { ...image, imageId, name: nameOfImage(stageName, service, generation), tags });
    }
    const live = generations.at(-1) ?? "";
    const kept = generations.slice(unneededOrdinal);
    heads.push({ ...emptyHead(service), live: { generation: live, since: "" }, kept });
  }
  for (let index = 1; index <= size.instances; index++) {
    const imageId = idOf("ami", (index % size.services) * size.imagesOfEach + size.imagesOfEach);
    instances.put(idOf("i", index), { ...instance, instanceId: idOf("i", index), imageId });
  }
  return heads;
}
