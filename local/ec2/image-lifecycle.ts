import type {
  DeregisterImageCommandInput,
  DisableImageCommandInput,
  DisableImageDeprecationCommandInput,
  DisableImageDeregistrationProtectionCommandInput,
  EnableImageCommandInput,
  EnableImageDeprecationCommandInput,
  EnableImageDeregistrationProtectionCommandInput,
} from "@aws-sdk/client-ec2";
import { AwsError } from "../core/aws-error.ts";
import type { Call, Operation } from "../core/kernel.ts";
import { invalidParameter, required } from "./errors.ts";
import { announceImage } from "./image-states.ts";
import { requireImage } from "./images.ts";
import { operation } from "./operation.ts";
import type { ImageRecord } from "./records.ts";
import { forgetUnusedFiles } from "./root-files.ts";
import type { Ec2World } from "./world.ts";

type Image = Readonly<ImageRecord>;

/** An image can be deprecated at most this far ahead. Source: API_EnableImageDeprecation, DeprecateAt: 10 years. */
const maxDeprecationYears = 10;

/** An own image. @throws {AwsError} also AuthFailure for one of another account. */
export function requireOwnImage(world: Ec2World, imageId: string | undefined): Image {
  const image = requireImage(world, required(imageId, "ImageId"));
  if (image.ownerId !== world.accountId) {
    throw new AwsError("AuthFailure", `Not authorized for image: ${image.imageId}`, 403);
  }
  return image;
}

function imagePermission(world: Ec2World, action: string) {
  return (input: { ImageId: string | undefined }) => [world.permission(action, "image", input.ImageId ?? "*")];
}

export function imageLifecycleOperations(world: Ec2World): Record<string, Operation> {
  return {
    ...operation<DeregisterImageCommandInput, object>({
      name: "DeregisterImage",
      accepts: ["ImageId", "DeleteAssociatedSnapshots"],
      permissions: imagePermission(world, "DeregisterImage"),
      run: (input, call) => deregister(world, input, call),
    }),
    ...operation<DisableImageCommandInput, object>({
      name: "DisableImage",
      accepts: ["ImageId"],
      permissions: imagePermission(world, "DisableImage"),
      run: (input, call) => setState(world, requireOwnImage(world, input.ImageId), "available", "disabled", call),
    }),
    ...operation<EnableImageCommandInput, object>({
      name: "EnableImage",
      accepts: ["ImageId"],
      permissions: imagePermission(world, "EnableImage"),
      run: (input, call) => setState(world, requireOwnImage(world, input.ImageId), "disabled", "available", call),
    }),
    ...operation<EnableImageDeprecationCommandInput, object>({
      name: "EnableImageDeprecation",
      accepts: ["ImageId", "DeprecateAt"],
      permissions: imagePermission(world, "EnableImageDeprecation"),
      run(input) {
        const image = requireOwnImage(world, input.ImageId);
        const deprecatedAtMs = required(input.DeprecateAt, "DeprecateAt").getTime();
        const latest = new Date(world.now());
        latest.setUTCFullYear(latest.getUTCFullYear() + maxDeprecationYears);
        if (deprecatedAtMs < world.now() || deprecatedAtMs > latest.getTime()) {
          throw invalidParameter("DeprecateAt must be in the future and at most 10 years from now.");
        }
        world.images.put(image.imageId, { ...image, deprecatedAtMs });
        return { Return: true };
      },
    }),
    ...operation<DisableImageDeprecationCommandInput, object>({
      name: "DisableImageDeprecation",
      accepts: ["ImageId"],
      permissions: imagePermission(world, "DisableImageDeprecation"),
      run(input) {
        const { deprecatedAtMs: _removed, ...image } = requireOwnImage(world, input.ImageId);
        world.images.put(image.imageId, image);
        return { Return: true };
      },
    }),
    ...protectionOperations(world),
  };
}

function protectionOperations(world: Ec2World): Record<string, Operation> {
  return {
    ...operation<EnableImageDeregistrationProtectionCommandInput, object>({
      name: "EnableImageDeregistrationProtection",
      accepts: ["ImageId", "WithCooldown"],
      permissions: imagePermission(world, "EnableImageDeregistrationProtection"),
      run(input) {
        const image = requireOwnImage(world, input.ImageId);
        const kind = input.WithCooldown === true ? "enabled-with-cooldown" : "enabled-without-cooldown";
        world.images.put(image.imageId, { ...image, deregistrationProtection: kind });
        return { Return: kind };
      },
    }),
    ...operation<DisableImageDeregistrationProtectionCommandInput, object>({
      name: "DisableImageDeregistrationProtection",
      accepts: ["ImageId"],
      permissions: imagePermission(world, "DisableImageDeregistrationProtection"),
      run(input) {
        const image = requireOwnImage(world, input.ImageId);
        if (image.deregistrationProtection === "enabled-with-cooldown") {
          world.kernel.jobs.schedule(
            "ec2.image.unprotect",
            world.now() + cooldownMs,
            { imageId: image.imageId },
            `ec2.unprotect/${image.imageId}`,
          );
          return { Return: "disabling" };
        }
        world.images.put(image.imageId, { ...image, deregistrationProtection: "disabled" });
        return { Return: "disabled" };
      },
    }),
  };
}

/** Protection with cool-down ends this long after it was switched off. Source: EC2 user guide, "Protect an AMI from deregistration". */
const cooldownMs = 24 * 3_600_000;

/** The job that ends a protection's cool-down. */
export function registerProtectionJob(world: Ec2World): void {
  world.kernel.jobs.on<{ imageId: string }>("ec2.image.unprotect", ({ imageId }) => {
    const image = world.images.get(imageId);
    if (image) world.images.put(imageId, { ...image, deregistrationProtection: "disabled" });
  });
}

function setState(world: Ec2World, image: Image, from: ImageRecord["state"], to: "available" | "disabled", call: Call) {
  if (image.state !== from) {
    throw new AwsError("InvalidAMIID.Unavailable", `The image ID '${image.imageId}' is in state '${image.state}'`);
  }
  // Disabling also makes an image private. Source: EC2 user guide, "Disable an AMI".
  const sharing = to === "disabled" ? { isPublic: false, launchAccounts: [] } : {};
  const changed = { ...image, ...sharing, state: to };
  world.images.put(image.imageId, changed);
  announceImage(world, changed, call.requestId);
  return { Return: true };
}

async function deregister(world: Ec2World, input: DeregisterImageCommandInput, call: Call) {
  const image = requireOwnImage(world, input.ImageId);
  if (image.deregistrationProtection !== "disabled") {
    throw new AwsError(
      "OperationNotPermitted",
      `The image '${image.imageId}' has deregistration protection and cannot be deregistered.`,
    );
  }
  world.images.delete(image.imageId);
  world.deregistered.put(image.imageId, { imageId: image.imageId });
  world.kernel.jobs.cancel(`ec2.image/${image.imageId}`);
  announceImage(world, image, call.requestId, "deregistered");
  if (input.DeleteAssociatedSnapshots !== true) return { Return: true };
  const results: { SnapshotId: string; ReturnCode: string }[] = [];
  for (const { ebs } of image.mappings) {
    if (ebs?.snapshotId === undefined) continue;
    results.push({ SnapshotId: ebs.snapshotId, ReturnCode: await deleteAssociated(world, ebs.snapshotId, call) });
  }
  return { Return: true, DeleteSnapshotResults: results };
}

/** A snapshot that another image has too is left alone. Source: API_DeregisterImage, DeleteAssociatedSnapshots. */
async function deleteAssociated(world: Ec2World, snapshotId: string, call: Call): Promise<string> {
  const snapshot = world.snapshots.get(snapshotId);
  if (!snapshot || imagesWith(world, snapshotId).length > 0) return "skipped";
  try {
    call.authorize(world.permission("DeleteSnapshot", "snapshot", snapshotId));
  } catch (error) {
    if (error instanceof AwsError) return "missing-permissions";
    throw error;
  }
  await world.snapshots.remove(snapshotId);
  await forgetUnusedFiles(world, snapshot.lineage?.files);
  return "success";
}

/** Images that are made of this snapshot. */
export function imagesWith(world: Ec2World, snapshotId: string): Image[] {
  return world.images.list().filter((image) => image.mappings.some(({ ebs }) => ebs?.snapshotId === snapshotId));
}
