import { command, type FeatureRow, test } from "./row.ts";

/** What none of the compared systems has: N1 to N23. */
export const beyondRows: readonly FeatureRow[] = [
  {
    number: "N1",
    capability: "Compensation that survives a crash",
    aim: "beat",
    does: "What may exist is written down before it is made; an execution that dies starts the sweep, which also comes by schedule.",
    shown: [
      test("e2e/stop-and-sweep.test.ts", "is followed by a deploy as if nothing had been"),
      command("npm run test:kill"),
    ],
  },
  {
    number: "N2",
    capability: "A fenced lease instead of a lock",
    aim: "beat",
    does: "The owner is an execution; a dead one loses the lease at once, and its last call is waited out.",
    shown: [
      test(
        "shared/domain/lease.test.ts",
        "is taken from a dead owner, but changes nothing until that owner's last call must have ended",
      ),
      test(
        "shared/domain/lease.test.ts",
        "does not hold for a zombie of the same execution that took it at an older fence",
      ),
      command("npm run model"),
    ],
  },
  {
    number: "N3",
    capability: "Pins that expire by themselves",
    aim: "beat",
    does: "Recorded with an expiry and what to go back to; the sweep restores them although their maker is gone.",
    shown: [test("simulation/strategies.test.ts", "that outlived their maker are taken away by the sweep")],
  },
  {
    number: "N4",
    capability: "Rollback proved ready, always",
    aim: "beat",
    does: "Every sweep proves the way back and its time; losing it is announced once, and so is its return.",
    shown: [
      test("simulation/way-back.test.ts", "announces once that it is lost, and that it is there again"),
      test(
        "simulation/way-back.test.ts",
        "proves the way back, and says how long it takes once a rollback was measured",
      ),
      test(
        "simulation/alarm-rollback.test.ts",
        "moves production back by itself, and says so in the history of the release it leaves",
      ),
    ],
  },
  {
    number: "N5",
    capability: "A ladder of recovery with its times",
    aim: "beat",
    does: "Hot, then cold from the kept image; status and why say which one it would be.",
    shown: [
      test(
        "cli/explain/explain.test.ts",
        "a rollback is cold once the fleet is gone, and there is none without an earlier release",
      ),
    ],
    missing: "the warm rung of stopped instances",
  },
  {
    number: "N6",
    capability: "Several services flipped in one call",
    aim: "beat",
    does: "Nothing yet.",
    shown: [],
    missing: "left for later: see 56; SetRulePriorities says nowhere that it is all or nothing",
  },
  {
    number: "N7",
    capability: "Capacity proved before the long work",
    aim: "beat",
    does: "The same, in one invocation while the image is made.",
    shown: [
      test(
        "simulation/pre-flight.test.ts",
        "says that the load balancer has no room for a rule, whichever listener has them",
      ),
      test(
        "simulation/pre-flight.test.ts",
        "runs once, while the image is being made, and lets a deploy pass that has room",
      ),
      test("simulation/pre-flight.test.ts", "says what EC2 would refuse of the launch"),
    ],
    missing: "a reservation of capacity, and spare capacity of a zone, which AWS tells only at launch",
  },
  {
    number: "N8",
    capability: "As much capacity as live at the instant of the flip",
    aim: "beat",
    does: "Live's count is read and the rule changed in the same invocation; a candidate that is too small grows first.",
    shown: [test("simulation/strategies.test.ts", "grows to match before it gets more")],
  },
  {
    number: "N9",
    capability: "A guard for live in IAM",
    aim: "beat",
    does: "Roles delete only what carries the stage's tag.",
    shown: [
      test(
        "infrastructure/permissions.test.ts",
        "delete and change only what carries the stage's tag, where a tag can say so",
      ),
    ],
    missing: "a Deny that knows which fleet is live",
  },
  {
    number: "N10",
    capability: "The whole pipeline simulated, with faults",
    aim: "beat",
    does: "The production handlers and the packaged machines over the embedded cloud's models on a virtual clock; bugs of other tools planted to see that it bites.",
    shown: [
      test("simulation/faults.test.ts", "of two services leaves nothing wrong, and gives the same hash each time"),
      command("npm run simulate"),
      command("npm run planted"),
    ],
  },
  {
    number: "N11",
    capability: "Every path of the machines proved to end well",
    aim: "beat",
    does: "The packaged machines are judged as graphs: every failure leads through restore and reap, everything ends in time.",
    shown: [
      test(
        "statemachines/machines.test.ts",
        "leads every failure between Admit and Settle through RestoreTraffic and ReapCandidate to SettleFailure",
      ),
      test("statemachines/machines.test.ts", "ends in time: a time-out for itself and for every task"),
    ],
  },
  {
    number: "N12",
    capability: "Permissions proved against use",
    aim: "beat",
    does: "What each role uses is recorded and compared with what it may; anything else fails.",
    shown: [command("npm run permissions")],
  },
  {
    number: "N13",
    capability: "Revocation that acts",
    aim: "beat",
    does: "Descendants are found in the ledger; fleets on a revoked base are refreshed, a revoked live release goes back.",
    shown: [
      test(
        "e2e/drift-and-revocation.test.ts",
        "as an artifact is gone back from, and refused when somebody deploys it again",
      ),
      test("simulation/revocation.test.ts", "keeps a deploy that was admitted before from getting requests"),
      test(
        "simulation/revocation.test.ts",
        "has its fleet replaced on the newest one while the service answers, and nobody goes back to it",
      ),
      test(
        "simulation/revocation.test.ts",
        "goes back to the newest good one, and its artifact may not be deployed again when that is revoked",
      ),
      test(
        "simulation/revocation.test.ts",
        "of a base is finished by the sweep, which starts the refresh once however often it comes",
      ),
      test("simulation/revocation.test.ts", "is ended, and nothing of it is left, while the service goes on"),
    ],
  },
  {
    number: "N14",
    capability: "What was touched is replaced",
    aim: "beat",
    does: "By CloudTrail's event where there is a trail, by comparison at every sweep where not; with a record of whose hand it was.",
    shown: [
      test(
        "e2e/drift-and-revocation.test.ts",
        "by a session is replaced as soon as CloudTrail tells, while every request is answered",
      ),
      test("simulation/drift.test.ts", "that somebody removed is told, and neither rule nor ledger is changed for it"),
      test(
        "simulation/drift.test.ts",
        "about a log-in starts the sweep, and the instance is replaced with whose hand it was",
      ),
      test(
        "simulation/drift.test.ts",
        "is found by a volume that would outlive it, and marked with how it was touched",
      ),
    ],
    missing: "a snapshot of the touched instance for forensics",
  },
  {
    number: "N15",
    capability: "An honest canary at any traffic",
    aim: "beat",
    does: "Exact for a baseline without errors, a verdict that says how many requests are missing, probes where traffic is low.",
    shown: [
      test("simulation/judge.test.ts", "goes back when too few requests tell, and says how many more it needed"),
      test(
        "simulation/judge.test.ts",
        "has the probe function ask where the public asks too little, of both releases by their shares",
      ),
      command("npm run bench -- judge"),
    ],
    missing: "a baseline fleet of the same age",
  },
  {
    number: "N16",
    capability: "Access logs replayed against the candidate",
    aim: "beat",
    does: "Nothing yet.",
    shown: [],
    missing:
      "left for later: the canary judge and its added requests compare both releases on what the public asks now",
  },
  {
    number: "N17",
    capability: "Experiments as object keys",
    aim: "beat",
    does: "A key under a service's experiments runs the deploy machine under a name of its own: its own fleet, group, rule, lease and ledger, for a time; promoting it deploys the same image.",
    shown: [
      test(
        "simulation/experiments.test.ts",
        "ends within minutes of its time, not at the hourly sweep after it, also when that was put off",
      ),
      test(
        "simulation/experiments.test.ts",
        "gets a fleet of its own that its header reaches, and production is as it was",
      ),
      test(
        "simulation/experiments.test.ts",
        "deploys the experiment's image without a bake, and says where it is from",
      ),
      test(
        "simulation/experiment-faults.test.ts",
        "at any call of the sweep that ends an experiment leaves nothing of it, and production as it was",
      ),
      test("e2e/experiments.test.ts", "is promoted without a bake, and production then runs its image"),
      command("kiln experiment start"),
    ],
  },
  {
    number: "N18",
    capability: "Collection by reachability, with undo",
    aim: "beat",
    does: "Reachability from everything that may use an image; disabling comes first and can be undone; each deletion keeps its proof.",
    shown: [
      test(
        "simulation/base-reaping.test.ts",
        "is marked, disabled, and deregistered with its snapshot after the time of grace, and no other is touched",
      ),
      test(
        "simulation/image-reaping.test.ts",
        "is marked, disabled half an hour later, and deregistered with its snapshot after the time of grace",
      ),
      test(
        "simulation/image-reaping.test.ts",
        "is enabled again when its release is pinned, and can be rolled back to",
      ),
      command("npm run bench -- reap"),
    ],
  },
  {
    number: "N19",
    capability: "One failed server kept for evidence",
    aim: "beat",
    does: "`validate.quarantine`: one failed instance is cut off and kept for a time, named by why; the rest goes at once.",
    shown: [
      test(
        "simulation/quarantine.test.ts",
        "keeps one instance, cut off, until the first sweep after its time; the rest goes at once",
      ),
      test(
        "e2e/gates.test.ts",
        "a release that fails leaves one server in quarantine, out of traffic, and kiln why names it",
      ),
      test("e2e/gates.test.ts", "the server in quarantine is gone with the first sweep after its time"),
    ],
  },
  {
    number: "N20",
    capability: "Waits for better weather",
    aim: "beat",
    does: "A red alarm refuses a deploy unless somebody gives a reason; a broken live fleet can still be mended.",
    shown: [
      test("simulation/verdicts.test.ts", "refuses a deploy when it is red already, and the live release serves on"),
      test(
        "simulation/bad-days.test.ts",
        "is replaced by the fix all at once: there is nobody who could take the rest",
      ),
    ],
    missing: "AWS Health events and zonal shifts",
  },
  {
    number: "N21",
    capability: "A meter for the cost of a deploy",
    aim: "beat",
    does: "What a deploy adds is in status and in the question to whoever approves.",
    shown: [
      test(
        "cli/explain/costs.test.ts",
        "each fleet by its role, kept images once for each image, and what a deploy adds",
      ),
    ],
    missing: "what a deploy did cost, and a ceiling",
  },
  {
    number: "N22",
    capability: "Rehearsed rollbacks",
    aim: "beat",
    does: "`kiln drill`: the standby gets a small share of the requests and gives it back; how long that took and how it answered is recorded.",
    shown: [
      test(
        "simulation/drills.test.ts",
        "gives the standby a small share and takes it back, and says how long both took and what was answered",
      ),
      test(
        "simulation/drills.test.ts",
        "is pre-empted by a rollback, which goes back to the standby that is being rehearsed",
      ),
      test("simulation/drills.test.ts", "killed at any call ends with everything on live, once the sweep was there"),
      test(
        "e2e/rollback.test.ts",
        "is rehearsed by a drill that loses no request and leaves live and standby as they are",
      ),
    ],
  },
  {
    number: "N23",
    capability: "Explains the present",
    aim: "beat",
    does: "`kiln why`: what serves, which evidence let it through, what a rollback would do, what differs from the ledger.",
    shown: [
      test(
        "cli/explain/explain.test.ts",
        "a settled service: what serves and why, a hot way back, nothing that differs",
      ),
    ],
  },
];
