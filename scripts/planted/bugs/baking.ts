import type { PlantedBug } from "../planted-bug.ts";

/** Images that were not made, not found, or made twice. */
export const bakingBugs: readonly PlantedBug[] = [
  {
    id: "block-does-not-exist",
    thread: "https://github.com/awslabs/coldsnap/issues/43",
    was: "a snapshot that had just been started was not known where blocks are written, and the upload ended",
    patches: [
      {
        file: "shared/aws/snapshots.ts",
        find: 'if (isNamed(error, "ResourceNotFoundException")) return undefined;',
        replace: "",
      },
    ],
  },
  {
    id: "image-exists-already",
    thread: "https://github.com/spinnaker/spinnaker/issues/4498",
    was: "a bake timed out although the image existed, and the next try collided with it",
    faults: { scenario: "first-deploy", kind: "reply-lost", at: /RegisterImage/ },
    patches: [
      {
        file: "shared/aws/images.ts",
        find: 'if (!isNamed(error, "InvalidAMIName.Duplicate")) throw error;',
        replace: "throw error;",
      },
    ],
  },
  {
    id: "fleet-exists-already",
    thread: "https://github.com/ansible/ansible/issues/29996",
    was: "a repeated creation failed because the first one had succeeded",
    faults: { scenario: "first-deploy", kind: "reply-lost", at: /CreateAutoScalingGroup/ },
    patches: [
      {
        file: "shared/aws/fleets.ts",
        find: 'if (isNamed(error, "AlreadyExistsFault", "AlreadyExists")) return;',
        replace: "",
      },
    ],
  },
  {
    id: "sealed-already",
    thread: "https://github.com/hashicorp/packer/issues/6536",
    was: "what an earlier attempt had finished was taken for a failure",
    faults: { scenario: "first-deploy", kind: "timed-out", at: /CompleteSnapshot/ },
    patches: [
      {
        file: "shared/baking/volume-writing.ts",
        find: 'if (!isNamed(error, "ValidationException")) throw error;',
        replace: "throw error;",
      },
    ],
  },
  {
    id: "throttled-is-fatal",
    thread: "https://github.com/spinnaker/spinnaker/issues/4458",
    was: "a deploy failed for good because AWS asked for patience",
    faults: { scenario: "deploy", kind: "timed-out", at: /^bake / },
    patches: [
      {
        file: "shared/errors.ts",
        find: 'if (status >= 500 || error.name === "TimeoutError"',
        replace: 'if (status >= 600 || error.name === "TimeoutErrors"',
      },
    ],
  },
  {
    id: "template-not-seen-yet",
    thread: "https://github.com/boto/boto3/issues/2556",
    was: "what had just been created was not found, and that ended the run",
    patches: [
      {
        file: "shared/aws/fleets.ts",
        find: 'if (isNamed(error, "ValidationError") && /launch template.*does not exist/is.test(reason)) {',
        replace: "if (reason === undefined) {",
      },
      {
        file: "shared/aws/templates.ts",
        find: 'if (!isNamed(error, "InvalidLaunchTemplateName.AlreadyExistsException")) throw error;',
        replace: "throw error;",
      },
    ],
  },
];
