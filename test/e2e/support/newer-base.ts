import type { ImageRecord } from "../../../local/ec2/records.ts";
import { SsmService } from "../../../local/ssm/service.ts";
import { knownBases } from "../../../shared/domain/service-spec.ts";
import type { World } from "./world.ts";

/** Publishes a newer image of the service's base under its public parameter, as the distributor does every few weeks. */
export async function publishNewerBase(world: World, imageId: string): Promise<void> {
  const { kernel } = world.embedded.cloud;
  const parameter = knownBases.al2023[world.spec.architecture];
  const images = kernel.store.collection<ImageRecord>("ec2.images");
  const current = images.get((await world.stage.parameters.read(parameter)) ?? "");
  if (!current) throw new Error(`${parameter} names no image`);
  images.put(imageId, { ...current, imageId, name: `${current.name}-newer` });
  const ssm = kernel.services().find((service) => service instanceof SsmService);
  ssm?.seedPublic(parameter, imageId);
}
