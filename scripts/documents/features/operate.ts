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
    does: "Nothing yet.",
    shown: [],
    missing: "left for later",
  },
  {
    number: "48",
    capability: "Stops when the inventory is implausible",
    aim: "match",
    does: "Nothing yet.",
    shown: [],
    missing: "left for later",
  },
  {
    number: "49",
    capability: "Proof that nothing uses it",
    aim: "beat",
    does: "Nothing yet.",
    shown: [],
    missing: "left for later",
  },
  {
    number: "50",
    capability: "Undoing a deletion",
    aim: "beat",
    does: "Nothing yet.",
    shown: [],
    missing: "left for later",
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
    does: "Nothing yet.",
    shown: [],
    missing: "left for later",
  },
  {
    number: "56",
    capability: "Several services released in order",
    aim: "beat",
    does: "Nothing yet: services are deployed each for itself.",
    shown: [],
    missing: "left for later",
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
      test("e2e/experiments.test.ts", "that nobody extends leaves nothing once its time is over"),
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
