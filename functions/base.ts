import { EC2Client } from "@aws-sdk/client-ec2";
import { S3Client } from "@aws-sdk/client-s3";
import * as z from "zod/mini";
import { clientOptions } from "../shared/aws/client-options.ts";
import { Documents } from "../shared/aws/documents.ts";
import { failedImage, Images } from "../shared/aws/images.ts";
import { Ledger } from "../shared/aws/ledger.ts";
import { sha256Hex } from "../shared/digests.ts";
import { clientToken, ownedBaseName, tagKeys } from "../shared/domain/names.ts";
import { type BaseWorld, lambdaHandler, type Step } from "../shared/step.ts";
import { pending, ready, type StepOutput, stepInput } from "../shared/step-input.ts";

/** `kiln service apply` prepares a base before any release exists; then only the AMI is named. */
const input = z.union([stepInput, z.object({ baseImageId: z.string() })]);

interface World extends BaseWorld {
  ledger: Ledger;
  images: Images;
  region: string;
}

/**
 * Makes the owned, encrypted copy of a base image that releases are registered on.
 *
 * Before: the release names a public base. After: a copy under the stage's derived name is available.
 * Repeatable: the copy is found by its name, and starting it carries a client token.
 */
export async function base(request: z.infer<typeof input>, world: World): Promise<StepOutput> {
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

export const step: Step<z.infer<typeof input>, World, StepOutput> = {
  name: "base",
  input,
  run: base,
  world: (common, connect) => {
    const s3 = connect(new S3Client(clientOptions()));
    const ec2 = connect(new EC2Client(clientOptions()));
    return {
      ...common,
      ledger: new Ledger(new Documents(s3, common.config.ledgerBucket)),
      images: new Images(ec2),
      region: process.env["AWS_REGION"] ?? "us-east-1",
    };
  },
};

export const handler = lambdaHandler(step);
