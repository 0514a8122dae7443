import { command, type FeatureRow, test } from "./row.ts";

/** Fleets and their validation: rows 12 to 28. */
export const fleetRows: readonly FeatureRow[] = [
  {
    number: "12",
    capability: "A brand-new fleet each time",
    aim: "match",
    does: "Each release gets its own template version, target group and Auto Scaling group.",
    shown: [test("e2e/aws-cli.test.ts", "sees servers, images and snapshots, each tagged with its release")],
  },
  {
    number: "13",
    capability: "Copies the live capacity",
    aim: "beat",
    does: "One function gives the size at launch and again at every step, because live keeps scaling.",
    shown: [test("simulation/strategies.test.ts", "grows to match before it gets more")],
  },
  {
    number: "14",
    capability: "Copies scaling policies, schedules, hooks, warm pools, tags",
    aim: "beat",
    does: "Target tracking is part of the spec, so each fleet is made from the frozen release and nothing is copied.",
    shown: [
      test(
        "simulation/bad-days.test.ts",
        "keeps its size for half an hour of canary, and gets all requests at that size",
      ),
    ],
    missing: "schedules, hooks and warm pools are no part of a spec",
  },
  {
    number: "15",
    capability: "Pins the source's capacity, with guaranteed release",
    aim: "beat",
    does: "Pins stand in the ledger with an expiry before they are made; settling or the sweep takes them away.",
    shown: [
      test(
        "simulation/strategies.test.ts",
        "hold live at its size while traffic leaves it, and give it back when the deploy fails",
      ),
      test("simulation/strategies.test.ts", "that outlived their maker are taken away by the sweep"),
    ],
  },
  {
    number: "16",
    capability: "Scaling stays on during a deploy",
    aim: "beat",
    does: "No process of a group is ever suspended; live may grow, and the candidate follows.",
    shown: [test("simulation/strategies.test.ts", "grows to match before it gets more")],
  },
  {
    number: "17",
    capability: "Health tolerance",
    aim: "match",
    does: "Healthy several looks in a row before cutover; afterwards one flap is forgiven and several bad looks are not.",
    shown: [
      test("shared/domain/health.test.ts", "passes only after enough good looks in a row"),
      test("shared/domain/health.test.ts", "forgives one flap"),
    ],
  },
  {
    number: "18",
    capability: "Aborts on the first dying instance",
    aim: "match",
    does: "Until cutover a dying instance is not replaced; the candidate fails at its deadline and says why.",
    shown: [test("shared/domain/health.test.ts", "fails at the deadline and says why")],
  },
  {
    number: "19",
    capability: "Quota and capacity checked beforehand",
    aim: "beat",
    does: "While the image is made: vCPU quota, free addresses, target groups, rules, the key, a launch tried dry; a shortage ends the deploy before the long work.",
    shown: [
      test("simulation/pre-flight.test.ts", "says that the vCPU quota is too small"),
      test("simulation/pre-flight.test.ts", "says that Auto Scaling may not use the key of the images"),
    ],
  },
  {
    number: "20",
    capability: "A private test route before production",
    aim: "match",
    does: "Every candidate has a trial rule with a secret of 128 bits, above production and without touching it.",
    shown: [
      test("e2e/aws-cli.test.ts", "reads in the history what happened, in order, and never the candidate's secret"),
    ],
  },
  {
    number: "21",
    capability: "Custom checks and hooks",
    aim: "match",
    does: "HTTP probes, commands on instances, a command that runs once, the user's own Lambda functions; silence is no pass.",
    shown: [
      test("simulation/verdicts.test.ts", "fails it with its reason, before it gets a request"),
      test("simulation/commands.test.ts", "fails the candidate by its exit status, with the end of what it said"),
      test(
        "simulation/commands.test.ts",
        "runs on one instance of a release that passed everything, and then it goes live",
      ),
    ],
  },
  {
    number: "22",
    capability: "Metrics against a fixed threshold",
    aim: "match",
    does: "CloudWatch alarms named in the spec, before the deploy, at every step and during observation.",
    shown: [
      test(
        "simulation/verdicts.test.ts",
        "takes traffic back when it turns red at a step, although every target is healthy",
      ),
    ],
  },
  {
    number: "23",
    capability: "Statistical canary against a baseline",
    aim: "beat",
    does: "A sequential test on counts and latency of both target groups, valid however often it is asked.",
    shown: [
      test(
        "simulation/judge.test.ts",
        "sends a release back that errs where live never did, although every check and target is fine",
      ),
      command("npm run bench -- judge"),
    ],
    missing: "a fresh baseline fleet: the candidate is compared with live itself",
  },
  {
    number: "24",
    capability: "A third verdict: inconclusive",
    aim: "match",
    does: "Silence, an error and no data are inconclusive, wait, and never become a pass.",
    shown: [
      test("simulation/verdicts.test.ts", "takes traffic back when it never says anything: silence is no pass"),
      test("shared/domain/probe.test.ts", "is inconclusive when nobody answered, and when a probe was not made"),
    ],
  },
  {
    number: "25",
    capability: "Metrics judged without deciding",
    aim: "match",
    does: "`deploy.judge.decides: false`: the judge's verdict on each step is written down and shown; nothing waits for it or goes back.",
    shown: [
      test(
        "simulation/judge.test.ts",
        "lets a release that errs go on without a moment's wait, and the history says what it would have done",
      ),
      test("simulation/judge.test.ts", "ends no deploy when CloudWatch refuses to answer, and says that it did"),
    ],
    missing: "alarms and probes always decide",
  },
  {
    number: "26",
    capability: "Approval by a person, with a deadline",
    aim: "beat",
    does: "By task token, from the CLI or a notification; what nobody approves is undone, and what is approved is validated again.",
    shown: [
      test(
        "simulation/gates.test.ts",
        "holds a validated release without a request until somebody approves; then it goes live, and the history says who",
      ),
      test(
        "simulation/gates.test.ts",
        "that nobody gives by the deadline ends the deploy, and comes too late afterwards",
      ),
      test("simulation/gates.test.ts", "is asked for by SNS, and whoever hears of it %s by what the message leads to"),
      test(
        "e2e/gates.test.ts",
        "a release that whoever hears of it by SNS rejects never gets a request, and nothing is run for it",
      ),
    ],
  },
  {
    number: "27",
    capability: "Safety keeps watching while it waits",
    aim: "beat",
    does: "A candidate that breaks while it waits for approval gets no traffic.",
    shown: [test("simulation/gates.test.ts", "gives no traffic to a candidate that broke while it waited")],
  },
  {
    number: "28",
    capability: "Windows, freezes",
    aim: "match",
    does: "Windows with time zones, freezes with maker and reason, both overridden only with a recorded reason.",
    shown: [
      test("shared/domain/calendar.test.ts", "say when they open next, over a weekend and over a change of clocks"),
      test("shared/admission/holds.test.ts", "lets a person deploy who says why, and keeps the reason in the release"),
      test(
        "simulation/bad-days.test.ts",
        "stops it at the next step, takes its share back, and says who froze and why",
      ),
    ],
  },
];
