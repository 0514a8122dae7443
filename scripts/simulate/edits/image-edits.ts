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
  "image-disabled": (place) => switched(place, "DisableImage", "EnableImage"),
  "image-deprecated": (place) => {
    const DeprecateAt = new Date(place.stage.cloud.clock.now() + 60_000);
    return switched(place, "EnableImageDeprecation", "DisableImageDeprecation", { DeprecateAt });
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

async function switched(place: EditPlace, on: string, off: string, how: object = {}) {
  const { stage } = place;
  const image = someImage(place);
  if (!image) return undefined;
  const ImageId = image.imageId;
  await stage.cloud.call("ec2", on, { ImageId, ...how });
  return async () => {
    if (imageOf(stage, ImageId)) await stage.cloud.call("ec2", off, { ImageId });
  };
}

function someImage({ stage, service, which }: EditPlace): Readonly<ImageRecord> | undefined {
  const images = rows<ImageRecord>(stage, "ec2.images").filter(
    ({ tags, state }) => tags[tagKeys.service] === service && state === "available",
  );
  return chosen(images, which);
}

function imageOf(stage: SimulatedStage, imageId: string): Readonly<ImageRecord> | undefined {
  return rows<ImageRecord>(stage, "ec2.images").find((image) => image.imageId === imageId);
}
