import type { PlantedBug } from "../planted-bug.ts";

/** Fleets of the wrong size. */
export const capacityBugs: readonly PlantedBug[] = [
  {
    id: "as-small-as-configured",
    thread: "https://github.com/cloudcaptainsh/cloudcaptain/issues/230",
    was: "five instances were running, and two were started to replace them",
    patches: [
      {
        file: "shared/domain/capacity.ts",
        find: "Math.max(capacity.min, live?.inService ?? 0, live?.desired ?? 0, serving)",
        replace: "Math.max(capacity.min, (live?.inService ?? 0) * 0, serving * 0)",
      },
      {
        file: "shared/domain/cutover.ts",
        find: "if (up > 0 && toHealth.healthy / up < capacityFloor) {",
        replace: "if (up < 0) {",
      },
    ],
  },
  {
    id: "size-of-before-the-bake",
    thread: "https://github.com/guardian/riff-raff/issues/1342",
    was: "what live had grown to while the deploy was under way was not looked at again",
    scene: "live-grows",
    patches: [
      {
        file: "shared/cutover/look.ts",
        find: "needed: capacityTarget(capacity, liveFleet ?? zeroCapacity(zero), ruleHealth?.healthy),",
        replace: "needed: capacityTarget(capacity, zeroCapacity(zero)),",
      },
      {
        file: "shared/domain/cutover.ts",
        find: "if (up > 0 && toHealth.healthy / up < capacityFloor) {",
        replace: "if (up < 0) {",
      },
    ],
  },
  {
    id: "scaling-of-live-is-stopped",
    thread: "https://github.com/guardian/riff-raff/pull/1345",
    was: "scaling of what served was suspended for the time of a deploy",
    patches: [
      {
        file: "functions/cutover.ts",
        find: "{ min: liveFleet.desired, max: liveFleet.max }",
        replace: "{ min: liveFleet.desired, max: liveFleet.desired }",
      },
    ],
  },
  {
    id: "pin-never-taken-away",
    thread: "https://github.com/spinnaker/spinnaker/issues/4812",
    was: "a minimum that a deploy had raised was never put back",
    scene: "live-grows-twice",
    patches: [
      {
        file: "shared/pinning.ts",
        find: "await world.fleets.resize(fleet.name, { min: lasting, max: fleet.max });",
        replace: "",
      },
    ],
  },
  {
    id: "pin-restores-the-pinned",
    thread: "https://github.com/spinnaker/orca/pull/2756",
    was: "a second pin took the first one's size for the lasting one",
    scene: "live-grows-twice",
    patches: [
      {
        file: "shared/domain/pins.ts",
        find: "before ? { ...pin, lasting: before.lasting } : pin",
        replace: "before ? { ...pin, lasting: before.min } : pin",
      },
    ],
  },
  {
    id: "size-set-back-at-the-end",
    thread: "https://github.com/spinnaker/orca/pull/788",
    was: "the new fleet got the size of the configuration as soon as it served",
    patches: [
      {
        file: "shared/aws/fleets.ts",
        find: 'HealthCheckType: "ELB",',
        replace: 'HealthCheckType: "ELB", DesiredCapacity: lasting.min,',
      },
    ],
  },
];
