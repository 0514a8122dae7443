import type { ImageRecord } from "./records.ts";
import type { Ec2World } from "./world.ts";

/** An image waits for its snapshots; their bytes may take longer to copy than the modelled time. */
const recheckSeconds = 1;

/** Says what happens to images with time: pending ones become available once their snapshots are complete. */
export function registerImageJobs(world: Ec2World): void {
  world.kernel.jobs.on<{ imageId: string }>("ec2.image.available", ({ imageId }) => {
    const image = world.images.get(imageId);
    if (image?.state !== "pending") return;
    const waiting = image.mappings.some(({ ebs }) => world.snapshots.get(ebs?.snapshotId ?? "")?.state === "pending");
    if (waiting) {
      becomeAvailable(world, imageId, recheckSeconds);
      return;
    }
    const available = { ...image, state: "available" } as const;
    world.images.put(imageId, available);
    announceImage(world, available, world.kernel.random.uuid());
  });
}

/** Plans an image's becoming available. @param delaySeconds Modelled time until then. */
export function becomeAvailable(world: Ec2World, imageId: string, delaySeconds: number): void {
  world.kernel.jobs.schedule(
    "ec2.image.available",
    world.now() + delaySeconds * 1000,
    { imageId },
    `ec2.image/${imageId}`,
  );
}

/**
 * Sends `EC2 AMI State Change`.
 * Source of the form: EC2 user guide, "Monitor AMI events using Amazon EventBridge".
 */
export function announceImage(
  world: Ec2World,
  image: Readonly<ImageRecord>,
  RequestId: string,
  State: string = image.state,
): void {
  world.announce("EC2 AMI State Change", world.arn("image", image.imageId), {
    RequestId,
    State,
    ErrorMessage: image.stateReason?.Message ?? "",
  });
}
