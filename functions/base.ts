import * as z from "zod/mini";
import { Builders } from "../shared/aws/builders.ts";
import * as clients from "../shared/aws/clients.ts";
import { Documents } from "../shared/aws/documents.ts";
import { Fleets } from "../shared/aws/fleets.ts";
import { ImageRecords } from "../shared/aws/image-records.ts";
import { ImageUsers } from "../shared/aws/image-users.ts";
import { failedImage, Images } from "../shared/aws/images.ts";
import { Instances } from "../shared/aws/instances.ts";
import { Ledger } from "../shared/aws/ledger.ts";
import { Parameters } from "../shared/aws/parameters.ts";
import { Recipes } from "../shared/aws/recipes.ts";
import { RunCommand } from "../shared/aws/run-command.ts";
import { type BaseReapWorld, planBases, reapBases } from "../shared/base-reaping.ts";
import { sha256Hex } from "../shared/digests.ts";
import type { BuildPlace } from "../shared/domain/golden-build.ts";
import type { ImagePlan } from "../shared/domain/image-plan.ts";
import { ledgerKeys } from "../shared/domain/keys.ts";
import { clientToken, ownedBaseName, tagKeys } from "../shared/domain/names.ts";
import type { Release } from "../shared/domain/release.ts";
import { ReapStuckError } from "../shared/errors.ts";
import { buildGolden, type GoldenWorld, sweepGolden } from "../shared/golden-building.ts";
import { planRefresh, type RefreshPlan, type RefreshWorld } from "../shared/refreshing.ts";
import { lambdaHandler, type Step } from "../shared/step.ts";
import { memo, pending, ready, type StepOutput, stepInput } from "../shared/step-input.ts";

const input = z.union([
  stepInput,
  /** `kiln service apply` prepares a base before any release exists; then only the AMI is named. */
  z.object({ baseImageId: z.string() }),
  /** `kiln base apply` builds a golden image ahead, in the network that is named. */
  z.object({
    golden: z.object({ recipe: z.string(), recipeDigest: z.string(), digest: z.string() }),
    parentImageId: z.string(),
    network: z.object({ vpcId: z.string(), subnetIds: z.array(z.string()).check(z.minLength(1)) }),
    memo: z._default(memo, {}),
  }),
  /** refresh asks which services are to be deployed again. */
  z.object({ find: z.literal("stale"), request: z.unknown() }),
  /** sweep cleans up after builds that nobody works on any more, and after bases that nothing needs. */
  z.object({ find: z.literal("abandoned"), execution: z.string(), memo: z._default(memo, {}) }),
  /** Says what a sweep would do with the stage's bases. */
  z.object({ find: z.literal("unneeded") }),
]);
type Input = z.infer<typeof input>;

interface World extends RefreshWorld, GoldenWorld, BaseReapWorld {
  images: Images;
  recipes: Recipes;
  region: string;
}

/**
 * Makes what releases are registered on: the owned, encrypted copy of a base image, or what a golden recipe makes of it.
 *
 * Before: the release names a public base, or a recipe. After `ready`: an image under the stage's derived name is available.
 * Repeatable: images are found by their names, and starting one carries a client token.
 */
export async function base(request: Input, world: World): Promise<StepOutput | RefreshPlan | ImagePlan> {
  if ("find" in request) return find(request, world);
  if ("baseImageId" in request) return copyOf(request.baseImageId, world);
  if ("golden" in request) return golden(request.golden, request.parentImageId, request.network, request.memo, world);
  const { base: wanted, network } = await world.ledger.frozen(request.release);
  if (wanted.golden) return golden(wanted.golden, wanted.imageId, network, request.memo, world);
  return copyOf(wanted.imageId, world);
}

function find(request: Extract<Input, { find: string }>, world: World): Promise<StepOutput | RefreshPlan | ImagePlan> {
  switch (request.find) {
    case "stale":
      return planRefresh(request.request, world);
    case "abandoned":
      return sweepBases(request, world);
    case "unneeded":
      return planBases(world);
  }
}

async function golden(
  { recipe: name, recipeDigest, digest }: NonNullable<Release["base"]["golden"]>,
  parentImageId: string,
  place: BuildPlace,
  remembered: Record<string, unknown>,
  world: World,
): Promise<StepOutput> {
  const parent = await copyOf(parentImageId, world);
  if (parent.status !== "ready") return { ...parent, memo: remembered };
  const recipe = await world.recipes.read(name, recipeDigest);
  return buildGolden({ digest, recipe, recipeDigest, parentImageId }, place, remembered, world);
}

async function copyOf(imageId: string, world: World): Promise<StepOutput> {
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

/** Unit: milliseconds. Instances end within a minute or two; what is there after ten does not go by itself. */
const sweepPatienceMs = 10 * 60_000;

async function sweepBases(
  { execution, memo: remembered }: { execution: string; memo: Record<string, unknown> },
  world: World,
): Promise<StepOutput> {
  const left = await sweepGolden(world);
  if (left.length === 0) {
    await reapBases(execution, world);
    return ready();
  }
  const startedMs = Number(remembered["startedMs"] ?? world.now());
  if (world.now() - startedMs < sweepPatienceMs) return pending(10, { startedMs });
  throw new ReapStuckError(
    `Builders of ${left.join(", ")} would not go away.`,
    "See what still uses them in the EC2 console, then sweep.",
  );
}

export const step: Step<Input, World, StepOutput | RefreshPlan | ImagePlan> = {
  name: "base",
  input,
  run: base,
  world: (common, connect) => {
    const documents = new Documents(clients.s3(connect), common.config.ledgerBucket);
    const ec2 = clients.ec2(connect);
    const ssm = clients.ssm(connect);
    const parameters = new Parameters(ssm);
    return {
      ...common,
      ledger: new Ledger(documents, common.releases),
      images: new Images(ec2),
      instances: new Instances(ec2),
      imageUsers: new ImageUsers(ec2),
      baseRecords: new ImageRecords(documents, ledgerKeys.bases),
      builders: new Builders(ec2),
      commands: new RunCommand(ssm),
      parameters,
      recipes: new Recipes(documents, parameters, common.config.stage),
      fleets: new Fleets(clients.autoScaling(connect)),
      region: process.env["AWS_REGION"] ?? "us-east-1",
    };
  },
};

export const handler = lambdaHandler(step);
