import type { PlantedBug } from "../planted-bug.ts";

/** What was left behind, and what was taken away although it was needed. */
export const leakBugs: readonly PlantedBug[] = [
  {
    id: "a-snapshot-for-each-try",
    thread: "https://github.com/chef-boneyard/chef-provisioning-aws/issues/158",
    was: "each repetition created one more",
    faults: { scenario: "first-deploy", kind: "crash", at: /StartSnapshot/ },
    patches: [
      {
        file: "functions/bake.ts",
        find: 'clientToken("bake", sha256Hex(',
        replace: 'clientToken("bake", sha256Hex(String(world.now()) + ',
      },
    ],
  },
  {
    id: "snapshot-left-with-a-failed-bake",
    thread: "https://github.com/hashicorp/packer/issues/3320",
    was: "the image was deregistered, its snapshot stayed",
    patches: [
      {
        file: "shared/reaping.ts",
        find: 'await world.snapshots.deleteTagged(releaseTags(stage, service, generation, "release-volume"));',
        replace: "",
      },
    ],
  },
  {
    id: "snapshot-left-with-its-image",
    thread: "https://github.com/cloud-custodian/cloud-custodian/issues/2363",
    was: "deregistering an image left the snapshots it was made of",
    patches: [
      {
        file: "shared/aws/images.ts",
        find: "DeleteAssociatedSnapshots: true",
        replace: "DeleteAssociatedSnapshots: false",
      },
      {
        file: "shared/reaping.ts",
        find: 'await world.snapshots.deleteTagged(releaseTags(stage, service, generation, "release-volume"));',
        replace: "",
      },
    ],
  },
  {
    id: "half-built-fleet-stays",
    thread: "https://github.com/DemocracyClub/WhoCanIVoteFor/issues/855",
    was: "a failed deploy left a half-built fleet",
    patches: [
      {
        file: "shared/reaping.ts",
        find: "if (leavingSeconds !== undefined) return going(leavingSeconds);",
        replace: "",
      },
      {
        file: "shared/reaping.ts",
        find: "if (!(await removeGroup(group, guard, world))) return going(againSeconds);",
        replace: "await removeGroup(group, guard, world);",
      },
    ],
  },
  {
    id: "interrupted-work-is-forgotten",
    thread: "https://github.com/hashicorp/packer/issues/7601",
    was: "an interrupted build left what it had created, and nothing knew of it",
    patches: [
      {
        file: "shared/domain/head.ts",
        find: "known: [...head.known, generation],",
        replace: "known: head.known,",
      },
    ],
  },
  {
    id: "gone-because-not-seen-yet",
    thread: "https://github.com/hashicorp/terraform-provider-aws/issues/8029",
    was: "what had just been created was not found, and so believed not to exist",
    scene: "slow-to-be-seen",
    faults: {
      scenario: "slow-to-be-seen",
      kind: "denied",
      at: /^(bake ebs:PutSnapshotBlock|launch autoscaling:Create)/,
    },
    patches: [{ file: "shared/reaping.ts", find: "world.now() - firstLookMs < visibleMs", replace: "world.now() < 0" }],
  },
  {
    id: "trial-rule-stays",
    thread: "https://github.com/awslabs/codedeploy-blue-green/issues/2",
    was: "parts of a finished deploy stayed beside production",
    patches: [
      {
        file: "functions/settle.ts",
        find: "removeTrials(request, standing.trials, world),",
        replace: "",
      },
      {
        file: "functions/reap.ts",
        find: "await leaveHeldTrials(release.service, guard, world);",
        replace: "",
      },
    ],
  },
  {
    id: "image-of-kept-release-deleted",
    thread: "https://github.com/CloudSnorkel/cdk-github-runners/pull/991",
    was: "images that were in use, or needed for a way back, were deleted",
    scene: "cooling",
    patches: [
      {
        file: "shared/reaping.ts",
        find: "if (!isKept(head, generation)) await removeImage",
        replace: "await removeImage",
      },
      {
        file: "shared/reaping.ts",
        find: 'const atOnce = fate === "remove" ||',
        replace: "const atOnce = fate !== undefined ||",
      },
    ],
  },
  {
    id: "shared-image-deleted",
    thread: "https://github.com/bonclay7/aws-amicleaner/issues/57",
    was: "a cleaner deleted an image that something else was still made of",
    scene: "same-again-and-stopped",
    patches: [
      {
        file: "shared/reaping.ts",
        find: "(await isShared(release, head, world)) ||",
        replace: "",
      },
      {
        file: "shared/reaping.ts",
        find: "if (imageId === undefined || (await isUsedElsewhere(imageId, release.generation, world))) return;",
        replace: "if (imageId === undefined) return;",
      },
    ],
  },
  {
    id: "way-back-destroyed",
    thread: "https://github.com/spinnaker/orca/pull/1716",
    was: "the release to go back to had been destroyed before",
    patches: [
      {
        file: "shared/domain/keep.ts",
        find: "const count = Math.min(keptReleases.most, Math.max(releases, young));",
        replace: "const count = Math.min(1, Math.max(releases, young));",
      },
    ],
  },
  {
    id: "rollback-target-reaped-as-failed",
    thread: "https://github.com/spinnaker/orca/pull/1866",
    was: "the fleet that a rollback was to go to was cleaned up as a failed one",
    scene: "interrupted-rollback",
    patches: [
      {
        file: "shared/domain/head.ts",
        find: 'return wasKept ? "drop" : "undo";',
        replace: 'return "undo";',
      },
    ],
  },
  {
    id: "images-pile-up",
    thread: "https://github.com/compiler-explorer/infra/issues/2220",
    was: "old images were forgotten instead of deleted",
    scene: "few-are-kept",
    patches: [
      {
        file: "shared/domain/image-plan.ts",
        find: 'if (!mark) return { action: "mark", reason: "nothing needs it" };',
        replace: 'if (!mark) return { action: "keep", reason: "nothing needs it" };',
      },
    ],
  },
];
