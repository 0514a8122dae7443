import { command, type FeatureRow, test } from "./row.ts";

/** Operating and reaping: rows 46 to 58. */
export const operateRows: readonly FeatureRow[] = [
  {
    number: "46",
    capability: "Keeps so many fleets and images",
    aim: "match",
    does: "One standby fleet for the hot window, the images of the last five releases.",
    shown: [
      test(
        "shared/domain/head.test.ts",
        "turns the sixth-oldest kept release into a leftover instead of forgetting its image",
      ),
    ],
  },
  {
    number: "47",
    capability: "Mark, wait, look again, delete",
    aim: "match",
    does: "Marked, disabled half an hour later, looked at again, deregistered after the time of grace; each with its proof.",
    shown: [
      test(
        "simulation/image-reaping.test.ts",
        "is marked, disabled half an hour later, and deregistered with its snapshot after the time of grace",
      ),
      command("kiln sweep"),
    ],
  },
  {
    number: "48",
    capability: "Stops when the inventory is implausible",
    aim: "match",
    does: "A sweep that would take too large a share away takes nothing and raises the alarm.",
    shown: [
      test(
        "simulation/image-reaping.test.ts",
        "is not removed while most images are needed by nobody all at once, and the sweep raises the alarm",
      ),
    ],
  },
  {
    number: "49",
    capability: "Proof that nothing uses it",
    aim: "beat",
    does: "Traffic, fleets, template versions of anybody, instances, leases, kept and pinned releases, experiments are roots.",
    shown: [
      test("simulation/image-reaping.test.ts", "stays while somebody's own launch template names it"),
      test(
        "shared/domain/image-plan.property.test.ts",
        "never touches an image that anything uses, in 100,000 inventories",
      ),
    ],
    missing: "users in other accounts",
  },
  {
    number: "50",
    capability: "Undoing a deletion",
    aim: "beat",
    does: "A disabled image is enabled again when its release is pinned or rolled back to.",
    shown: [
      test(
        "simulation/image-reaping.test.ts",
        "is enabled again when its release is pinned, and can be rolled back to",
      ),
    ],
    missing: "the Recycle Bin after deregistration",
  },
  {
    number: "51",
    capability: "No server of the tool's own",
    aim: "match",
    does: "Step Functions, Lambda, S3, EventBridge; nothing runs between deploys.",
    shown: [command("npm run package")],
  },
  {
    number: "52",
    capability: "Runs on plain EC2 and a load balancer",
    aim: "match",
    does: "An Application Load Balancer's listener and ordinary Auto Scaling groups.",
    shown: [
      test(
        "e2e/adopting.test.ts",
        "goes live by a rule of its own right before the one that it adopts, and drops no request",
      ),
    ],
  },
  {
    number: "53",
    capability: "Least privilege",
    aim: "beat",
    does: "A role for each handler, enforced by the embedded cloud, each permission exercised or explained.",
    shown: [
      command("npm run permissions"),
      test(
        "infrastructure/permissions.test.ts",
        "delete and change only what carries the stage's tag, where a tag can say so",
      ),
    ],
  },
  {
    number: "54",
    capability: "The whole flow without AWS",
    aim: "beat",
    does: "The embedded cloud runs the packaged template, the real handlers and the real program.",
    shown: [command("npm start"), command("npm run conformance")],
  },
  {
    number: "55",
    capability: "Drift is enforced",
    aim: "beat",
    does: "An instance that somebody touched is tagged and replaced, launch first; a changed fleet or rule is told, never overwritten.",
    shown: [
      test(
        "e2e/drift-and-revocation.test.ts",
        "by another security group is found by the sweep, and replaced while every request is answered",
      ),
      test(
        "simulation/drift.test.ts",
        "is replaced by the next sweep, which launches first, while every request is answered",
      ),
      test("simulation/drift.test.ts", "that somebody changed is told in the plan, and left as it is"),
    ],
  },
  {
    number: "56",
    capability: "Several services released in order",
    aim: "beat",
    does: "Nothing yet: services are deployed each for itself.",
    shown: [],
    missing: "left for later: an order over services needs a lease over several, and a way back for half of them",
  },
  {
    number: "57",
    capability: "A throw-away fleet with a time to live",
    aim: "beat",
    does: "An experiment has one to ten servers and up to two weeks; the sweep then leaves only its records. Ten on one load balancer work.",
    shown: [
      test("simulation/experiments.test.ts", "leaves nothing but its records once its time is over"),
      test(
        "simulation/experiments.test.ts",
        "ten at once on one load balancer work, each reached by its own header, and all of them go",
      ),
      test(
        "e2e/experiments.test.ts",
        "that is started in the console, and that nobody extends, leaves nothing once its time is over",
      ),
      command("kiln experiment list"),
    ],
  },
  {
    number: "58",
    capability: "The cost of a deploy beforehand",
    aim: "beat",
    does: "status says what each fleet and the kept images cost a day and what a deploy adds, from a dated price table.",
    shown: [
      test(
        "shared/domain/cost/cost.test.ts",
        "a deploy adds its image's blocks and a second fleet, from the first share of traffic to the end of the hot window",
      ),
      command("kiln status"),
    ],
    missing: "a ceiling that refuses a deploy",
  },
];
