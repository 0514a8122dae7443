import * as z from "zod/mini";
import * as clients from "../shared/aws/clients.ts";
import { Documents } from "../shared/aws/documents.ts";
import { failedImage, Images } from "../shared/aws/images.ts";
import { Ledger } from "../shared/aws/ledger.ts";
import { Parameters } from "../shared/aws/parameters.ts";
import { sha256Hex } from "../shared/digests.ts";
import { clientToken, ownedBaseName, tagKeys } from "../shared/domain/names.ts";
import { knownBases } from "../shared/domain/service-spec.ts";
import { type BaseWorld, lambdaHandler, type Step } from "../shared/step.ts";
import { pending, ready, type StepOutput, stepInput } from "../shared/step-input.ts";

const input = z.union([
  stepInput,
  /** `kiln service apply` prepares a base before any release exists; then only the AMI is named. */
  z.object({ baseImageId: z.string() }),
  /** refresh asks which services stand on a base that has changed. */
  z.object({ find: z.literal("stale") }),
]);
type Input = z.infer<typeof input>;

interface World extends BaseWorld {
  ledger: Ledger;
  images: Images;
  parameters: Parameters;
  region: string;
}

/** Services whose base changed, each with the reason. */
export interface StaleServices {
  services: { service: string; reason: string }[];
}

/**
 * Makes the owned, encrypted copy of a base image that releases are registered on.
 *
 * Before: the release names a public base. After: a copy under the stage's derived name is available.
 * Repeatable: the copy is found by its name, and starting it carries a client token.
 */
export async function base(request: Input, world: World): Promise<StepOutput | StaleServices> {
  if ("find" in request) return findStale(world);
  const imageId =
    "baseImageId" in request ? request.baseImageId : (await world.ledger.frozen(request.release)).base.imageId;
  const name = ownedBaseName(world.config.stage, imageId);

  const own = await world.images.find(name);
  if (own.state === "available") return ready();
  if (own.state === "failed" && own.image) throw failedImage(own.image);
  if (own.state === "disabled") await world.images.enable(own.image?.ImageId ?? "");
  if (own.state !== "absent") return pending(5);

  await world.images.base(imageId);
  await world.images.copy({
    name,
    sourceImageId: imageId,
    region: world.region,
    keyArn: world.config.keyArn,
    token: clientToken("base", sha256Hex(name)),
    tags: { [tagKeys.stage]: world.config.stage, [tagKeys.role]: "base" },
  });
  return pending(5);
}

async function findStale(world: World): Promise<StaleServices> {
  const services: StaleServices["services"] = [];
  for (const service of await world.ledger.services()) {
    const { live } = await world.ledger.head(service);
    const release = live && (await world.ledger.release(service, live.generation));
    if (!release || typeof release.spec.base === "object") continue;
    const current = await world.parameters.read(knownBases[release.spec.base][release.base.architecture]);
    if (!current || current === release.base.imageId) continue;
    services.push({ service, reason: `base ${release.base.name} changed from ${release.base.imageId} to ${current}` });
  }
  return { services };
}

export const step: Step<Input, World, StepOutput | StaleServices> = {
  name: "base",
  input,
  run: base,
  world: (common, connect) => {
    const s3 = clients.s3(connect);
    const ec2 = clients.ec2(connect);
    return {
      ...common,
      ledger: new Ledger(new Documents(s3, common.config.ledgerBucket), common.releases),
      images: new Images(ec2),
      parameters: new Parameters(clients.ssm(connect)),
      region: process.env["AWS_REGION"] ?? "us-east-1",
    };
  },
};

export const handler = lambdaHandler(step);
