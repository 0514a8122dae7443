import { command, type FeatureRow, test } from "./row.ts";

/** Moving traffic, and moving it back: rows 29 to 45. */
export const cutoverRows: readonly FeatureRow[] = [
  {
    number: "29",
    capability: "One atomic call switches",
    aim: "beat",
    does: "The guard and one ModifyRule in the same handler, read back.",
    shown: [
      test("e2e/rollback.test.ts", "goes back to the hot standby with one rule change, and forward again the same way"),
      command("npm run bench -- cutover"),
    ],
  },
  {
    number: "30",
    capability: "Weighted steps",
    aim: "match",
    does: "canary and linear, each step observed, the candidate at its full size before its first share.",
    shown: [
      test(
        "simulation/strategies.test.ts",
        "takes its steps one after another, each of whole weights that add up to 100, and ends whole",
      ),
      test(
        "e2e/strategies.test.ts",
        "lets both releases answer while it is watched, then the new one alone, and no request fails",
      ),
    ],
  },
  {
    number: "31",
    capability: "Routing by header or cookie",
    aim: "match",
    does: "An experiment is reached by a header or a host of its own, beside production.",
    shown: [
      test(
        "e2e/experiments.test.ts",
        "that is uploaded runs beside production: its header reaches it, and everybody else gets what is live",
      ),
      test("simulation/experiments.test.ts", "is started by hand under a host of its own, with a size and a time"),
    ],
    missing: "routing by cookie",
  },
  {
    number: "32",
    capability: "Sticky users",
    aim: "match",
    does: "A rule with group stickiness is refused by name: it would hold clients on a fleet that leaves.",
    shown: [
      test(
        "shared/domain/rule-places.test.ts",
        "is refused in place of a rule that asks clients to log in, or keeps them by stickiness",
      ),
    ],
    missing: "stickiness of a target group is not in a spec",
  },
  {
    number: "33",
    capability: "Mirrored traffic",
    aim: "match",
    does: "Nothing yet: an Application Load Balancer cannot mirror.",
    shown: [],
    missing: "left for later: it would take a proxy on the path of every request",
  },
  {
    number: "34",
    capability: "The new one is enabled before the old one is disabled",
    aim: "match",
    does: "Weights always add up, and a fleet leaves only after the rule no longer needs it.",
    shown: [
      test("shared/domain/cutover.test.ts", "gives the candidate its share and live the rest, which add up to 100"),
      test("statemachines/machines.test.ts", "reaps no candidate before production has left it"),
    ],
  },
  {
    number: "35",
    capability: "Never without capacity",
    aim: "beat",
    does: "A guard in the same handler refuses a candidate that is smaller than needed; the simulation asks after every event.",
    shown: [
      test("shared/domain/cutover.test.ts", "refuses a candidate with fewer healthy targets than needed"),
      test(
        "shared/domain/cutover.test.ts",
        "refuses to replace many healthy targets by few, even when the spec would allow it",
      ),
    ],
    missing: "an explicit Deny in IAM for what is live",
  },
  {
    number: "36",
    capability: "Sees that a cutover reached the load balancer",
    aim: "beat",
    does: "Reads the rule back and waits out the spread to every node before anything of the old fleet goes.",
    shown: [
      test(
        "shared/domain/head.test.ts",
        "counts as under way until every node of the load balancer must have followed",
      ),
    ],
  },
  {
    number: "37",
    capability: "Keeps the old fleet hot",
    aim: "beat",
    does: "One standby at weight 0, pinned at its size for the hot window, its extra time shown by status.",
    shown: [test("simulation/strategies.test.ts", "hold the standby for the hot window, and nothing else")],
  },
  {
    number: "38",
    capability: "Rollback is a route flip",
    aim: "beat",
    does: "One rule change, from every state a deploy can be in, within about a minute.",
    shown: [
      test("e2e/rollback.test.ts", "goes back to the hot standby with one rule change, and forward again the same way"),
      test(
        "simulation/strategies.test.ts",
        "is gone back from by a rollback at any step, to the release that is still live",
      ),
    ],
  },
  {
    number: "39",
    capability: "Rollback after the deploy has finished",
    aim: "beat",
    does: "To any kept release, at any time.",
    shown: [test("e2e/rollback.test.ts", "launches a kept image again when its fleet is gone, without baking")],
  },
  {
    number: "40",
    capability: "Rollback when the fleet is gone and the image kept",
    aim: "match",
    does: "Launches the kept image, validates it, switches; never a bake.",
    shown: [
      test(
        "simulation/bad-days.test.ts",
        "makes the rollback a cold one: a fleet from the kept image, validated, then the rule",
      ),
    ],
  },
  {
    number: "41",
    capability: "Rollback by an alarm after promotion",
    aim: "match",
    does: "CloudWatch's event starts the rollback of every service that watches the alarm, once, within its hot window.",
    shown: [
      test(
        "simulation/alarm-rollback.test.ts",
        "moves production back by itself, and says so in the history of the release it leaves",
      ),
      test(
        "simulation/alarm-rollback.test.ts",
        "does so once: the event again, and the alarm again, move nothing forward",
      ),
      test(
        "e2e/gates.test.ts",
        "an alarm that turns red in the hot window takes production back by its event, and no request is dropped",
      ),
    ],
  },
  {
    number: "42",
    capability: "A rollback is safe for capacity itself",
    aim: "match",
    does: "The same capacity function and the same guard as a deploy.",
    shown: [
      test(
        "simulation/bad-days.test.ts",
        "makes the rollback a cold one: a fleet from the kept image, validated, then the rule",
      ),
    ],
  },
  {
    number: "43",
    capability: "Refuses a rollback to what is bad or revoked",
    aim: "beat",
    does: "A rollback passes revoked releases and goes to the newest good one, or says why there is none.",
    shown: [
      test(
        "simulation/revocation.test.ts",
        "of a base is finished by the sweep, which starts the refresh once however often it comes",
      ),
      test("shared/domain/revocation.test.ts", "sends a rollback past them to the newest good release"),
    ],
  },
  {
    number: "44",
    capability: "Cleans up after a failure, an abort, a kill",
    aim: "beat",
    does: "Derived names and the ledger's list of what may exist; every stopped execution starts the sweep.",
    shown: [
      test("e2e/stop-and-sweep.test.ts", "is followed by a deploy as if nothing had been"),
      test("simulation/faults.test.ts", "at any change that a hot rollback makes leaves nothing wrong"),
      command("npm run simulate"),
    ],
  },
  {
    number: "45",
    capability: "Ends that say clean or dirty",
    aim: "match",
    does: "Live, Skipped, FailedClean, FailedDirty; a dirty end rings an alarm and the sweep finishes it.",
    shown: [
      test(
        "e2e/permissions.test.ts",
        "reap without ec2:DeregisterImage ends dirty, and the sweep finishes once it is given back",
      ),
    ],
  },
];
