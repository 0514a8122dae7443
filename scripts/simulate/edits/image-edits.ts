import type { ImageRecord } from "../../../local/ec2/records.ts";
import { tagKeys } from "../../../shared/domain/names.ts";
import type { SimulatedStage } from "../simulated-stage.ts";
import { chosen, type Edit, type EditPlace, rows } from "./edit.ts";

/** Somebody who clears up, or a script that deprecates what is old, at one of the images of a service. */
export const imageEdits = {
  /** As the console does it: its snapshots stay. */
  "image-gone": async (place) => {
    const image = someImage(place);
    if (!image) return undefined;
    place.stage.cloud.byHand.images.add(image.name);
    await place.stage.cloud.call("ec2", "DeregisterImage", { ImageId: image.imageId });
    return async () => {};
  },
  "image-disabled": async (place) => {
    const { stage } = place;
    const image = someImage(place);
    if (!image) return undefined;
    const asked = { ImageId: image.imageId };
    await stage.cloud.call("ec2", "DisableImage", asked);
    return async () => {
      // Kiln may have enabled it meanwhile, for a rollback that needs it.
      if (imageOf(stage, image.imageId)?.state === "disabled") await stage.cloud.call("ec2", "EnableImage", asked);
    };
  },
  "image-deprecated": async (place) => {
    const { cloud } = place.stage;
    const image = someImage(place);
    if (!image) return undefined;
    const asked = { ImageId: image.imageId };
    const DeprecateAt = new Date(cloud.clock.now() + 60_000);
    await cloud.call("ec2", "EnableImageDeprecation", { ...asked, DeprecateAt });
    return async () => {
      if (imageOf(place.stage, image.imageId)) await cloud.call("ec2", "DisableImageDeprecation", asked);
    };
  },
  "image-untagged": async (place) => {
    const { stage, how } = place;
    const image = someImage(place);
    const key = how < 0.5 ? tagKeys.service : tagKeys.stage;
    if (!image) return undefined;
    const Resources = [image.imageId];
    await stage.cloud.call("ec2", "DeleteTags", { Resources, Tags: [{ Key: key }] });
    return async () => {
      const Tags = [{ Key: key, Value: image.tags[key] }];
      if (imageOf(stage, image.imageId)) await stage.cloud.call("ec2", "CreateTags", { Resources, Tags });
    };
  },
} as const satisfies Record<string, Edit>;

function someImage({ stage, service, which }: EditPlace): Readonly<ImageRecord> | undefined {
  const images = rows<ImageRecord>(stage, "ec2.images").filter(
    ({ tags, state }) => tags[tagKeys.service] === service && state === "available",
  );
  return chosen(images, which);
}

function imageOf(stage: SimulatedStage, imageId: string): Readonly<ImageRecord> | undefined {
  return rows<ImageRecord>(stage, "ec2.images").find((image) => image.imageId === imageId);
}
