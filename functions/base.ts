import * as z from "zod/mini";
import * as clients from "../shared/aws/clients.ts";
import { Documents } from "../shared/aws/documents.ts";
import { Fleets } from "../shared/aws/fleets.ts";
import { failedImage, Images } from "../shared/aws/images.ts";
import { Ledger } from "../shared/aws/ledger.ts";
import { Parameters } from "../shared/aws/parameters.ts";
import { sha256Hex } from "../shared/digests.ts";
import { clientToken, ownedBaseName, tagKeys } from "../shared/domain/names.ts";
import { planRefresh, type RefreshPlan, type RefreshWorld } from "../shared/refreshing.ts";
import { lambdaHandler, type Step } from "../shared/step.ts";
import { pending, ready, type StepOutput, stepInput } from "../shared/step-input.ts";

const input = z.union([
  stepInput,
  /** `kiln service apply` prepares a base before any release exists; then only the AMI is named. */
  z.object({ baseImageId: z.string() }),
  /** refresh asks which services are to be deployed again. */
  z.object({ find: z.literal("stale"), request: z.unknown() }),
]);
type Input = z.infer<typeof input>;

interface World extends RefreshWorld {
  images: Images;
  region: string;
}

/**
 * Makes the owned, encrypted copy of a base image that releases are registered on.
 *
 * Before: the release names a public base. After: a copy under the stage's derived name is available.
 * Repeatable: the copy is found by its name, and starting it carries a client token.
 */
export async function base(request: Input, world: World): Promise<StepOutput | RefreshPlan> {
  if ("find" in request) return planRefresh(request.request, world);
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

export const step: Step<Input, World, StepOutput | RefreshPlan> = {
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
      fleets: new Fleets(clients.autoScaling(connect)),
      region: process.env["AWS_REGION"] ?? "us-east-1",
    };
  },
};

export const handler = lambdaHandler(step);
