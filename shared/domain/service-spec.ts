import * as z from "zod/mini";
import { isTimeZone, weekdays } from "./calendar.ts";
import { experimentLimits } from "./experiment.ts";
import { keptReleases, usualGraceHours } from "./keep.ts";
import { layerNamePattern } from "./keys.ts";
import { servicePattern } from "./names.ts";
import { type Problem, problemsOf } from "./problems.ts";
import { recipePattern } from "./recipe-name.ts";
import { secretIn, secretNamed } from "./secrets.ts";
import { at, contradictions } from "./spec-contradictions.ts";

/** Base images Kiln knows by name, with the public SSM parameter that says which AMI is current. */
export const knownBases = {
  al2023: {
    x86_64: "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
    arm64: "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64",
  },
  "debian-12": {
    x86_64: "/aws/service/debian/release/12/latest/amd64",
    arm64: "/aws/service/debian/release/12/latest/arm64",
  },
  "ubuntu-24.04": {
    x86_64: "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id",
    arm64: "/aws/service/canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id",
  },
} as const;

export type KnownBase = keyof typeof knownBases;

const wholeNumber = (minimum: number, maximum: number) => z.int().check(z.minimum(minimum), z.maximum(maximum));

const healthCheck = z.strictObject({
  /** Path the load balancer asks; a 200–299 answer is healthy. */
  path: z.string().check(z.regex(/^\/[\x21-\x7e]{0,1023}$/, "must start with / and hold no spaces")),
  /** Time between two health checks of a target. Unit: seconds, 5–300 (ELBv2 HealthCheckIntervalSeconds). */
  intervalSeconds: z._default(wholeNumber(5, 300), 5),
  /** How long an answer may take. Unit: seconds, 2–120, below the interval (ELBv2 HealthCheckTimeoutSeconds). */
  timeoutSeconds: z._default(wholeNumber(2, 120), 4),
  /** Good answers in a row before a target is healthy, 2–10 (ELBv2 HealthyThresholdCount). */
  healthyThreshold: z._default(wholeNumber(2, 10), 2),
  /** Bad answers in a row before a target is unhealthy, 2–10. */
  unhealthyThreshold: z._default(wholeNumber(2, 10), 3),
});

const probe = z.strictObject({
  /** Path that is asked. */
  path: z.string().check(z.regex(/^\/[\x21-\x7e]{0,1023}$/, "must start with / and hold no spaces")),
  /** Status the answer must have. */
  status: z._default(wholeNumber(100, 599), 200),
  /** Text the body must contain. */
  contains: z.optional(z.string().check(z.minLength(1), z.maxLength(1024))),
  /** How long an answer may take, connection included. Unit: milliseconds, 10–5000; left out, 5000. */
  maxMilliseconds: z.optional(wholeNumber(10, 5000)),
  /** How often it is asked. 1–50. */
  count: z._default(wholeNumber(1, 50), 5),
  /** How many of the answers must be right; left out, all. */
  atLeast: z.optional(wholeNumber(1, 50)),
});

const checkFunction = z.strictObject({
  /** The function is called `kiln-<stage>-check-<name>`; Kiln may call no other. */
  name: z.string().check(z.regex(/^[a-z0-9][a-z0-9-]{0,29}$/, "must be 1–30 lower-case letters, digits or dashes")),
  /** How long it may take. Unit: seconds, 1–90; no answer is no pass. */
  timeoutSeconds: z._default(wholeNumber(1, 90), 30),
});

const run = z.string().check(z.minLength(1), z.maxLength(4096), z.regex(/^[^\0]*$/, "must be text"));

const command = z.strictObject({
  /** Name of the check, in evidence and reasons. */
  name: z.string().check(z.regex(/^[a-z0-9][a-z0-9-]{0,29}$/, "must be 1–30 lower-case letters, digits or dashes")),
  /** Shell commands, run as root in the program's directory with its environment; exit status 0 passes. May run again after a fault, so they must only look. */
  run,
  /** How long it may take. Unit: seconds, 1–600, at most `validate.timeoutSeconds`; no answer is no pass. */
  timeoutSeconds: z._default(wholeNumber(1, 600), 60),
  /** Where it runs: on `all` instances of the candidate, 50 at most, or on `one` of them. */
  on: z._default(z.enum(["all", "one"]), "all"),
});

const once = z.strictObject({
  /** Shell commands, run as root in the program's directory with its environment. The place for migrations that only add: live goes on with what they leave, also when the release fails later. */
  run,
  /** How long it may take. Unit: seconds, 1–3600. */
  timeoutSeconds: z._default(wholeNumber(1, 3600), 300),
});

const judge = z.strictObject({
  /** Answers that take longer are judged as well, beside errors. Unit: milliseconds, 1–60000; left out, only errors are. */
  slowMilliseconds: z.optional(wholeNumber(1, 60_000)),
  /** Unit: per cent, 0.01–10. A release that surely fails less often than this passes, however few errors live has; the lower it is, the more requests it takes to be sure: about 5 divided by the rate, 1000 at 0.5 %. */
  harmlessPercent: z._default(z.number().check(z.minimum(0.01), z.maximum(10)), 0.5),
  /** Unit: seconds, 60–3600: how long a step that is over may wait for a verdict; CloudWatch has a minute's counts a minute later. */
  waitSeconds: z._default(wholeNumber(60, 3600), 600),
  /** What happens to a release of which too few requests tell by then: `back` takes its traffic away, `proceed` takes the step and says so in the history. */
  ifUndecided: z._default(z.enum(["back", "proceed"]), "back"),
  /** Requests a minute, 0–200, that the service gets at least: what the public does not send, the probe function asks of the pages in `validate.probes`, or of the health path, without the trial header. */
  topUpPerMinute: z._default(wholeNumber(0, 200), 0),
  /** `false`: its verdict stands in the history, and nothing waits for it, goes back or goes on because of it; to see what it would do. Steps shorter than three minutes end before CloudWatch knows much. */
  decides: z._default(z.boolean(), true),
});

const timeOfDay = z.string().check(z.regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be a time such as 09:30"));

const window = z.strictObject({
  /** Days on which it opens. */
  days: z._default(z.array(z.enum(weekdays)).check(z.minLength(1), z.maxLength(7)), [
    "mon",
    "tue",
    "wed",
    "thu",
    "fri",
  ]),
  /** Time of day it opens. */
  from: timeOfDay,
  /** Time of day it closes; at or before `from`, on the next day. */
  to: timeOfDay,
  /** Whose clocks these are, by the IANA database. */
  timeZone: z._default(z.string().check(z.refine(isTimeZone, "must be a time zone such as Europe/Berlin")), "UTC"),
});

const base = z.union([
  z.enum(Object.keys(knownBases) as [KnownBase, ...KnownBase[]]),
  z.strictObject({ ami: z.string().check(z.regex(/^ami-[0-9a-f]{8,17}$/, "must be an AMI id")) }),
  z.strictObject({ recipe: z.string().check(z.regex(recipePattern, "must be a recipe's name")) }),
]);

/** The service spec as a person writes it in kiln.yaml; defaults are filled in by parsing. */
export const serviceSpecSchema = z.strictObject({
  /** Name of the service: part of every name it has on AWS. */
  service: z.string().check(z.regex(servicePattern, "must be 2–24 lower-case letters, digits or dashes")),
  /** Operating system underneath. */
  base: z._default(base, "al2023"),
  /** Processor architecture of the servers; the base, the layers and the program are for it. */
  architecture: z._default(z.enum(["x86_64", "arm64"]), "x86_64"),
  /** Layers unpacked under the artifact, such as a language runtime; each was pushed as `layers/<name>.tar.gz`, `.tgz` or `.zip`. */
  layers: z._default(
    z.array(z.string().check(z.regex(layerNamePattern, "must be a layer name"))).check(z.maxLength(10)),
    [],
  ),
  /** Start command; left out, the artifact's Procfile says it (`web:` line). */
  command: z.optional(z.string().check(z.minLength(1), z.maxLength(4096), z.regex(/^[^\r\n\0]+$/, "must be one line"))),
  /** Port the program listens on, 1024–65535: it runs without root. */
  port: z._default(wholeNumber(1024, 65_535), 8080),
  /** Variables of the program. Frozen with the release and readable in the launch template: what looks like a secret is refused. */
  environment: z._default(
    z.record(
      z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, "must be a name of letters, digits and _")),
      z.string().check(z.maxLength(4096), z.regex(/^[^\r\n\0]*$/, "must be one line")),
    ),
    {},
  ),
  /** EC2 instance type of the servers. */
  instanceType: z._default(
    z.string().check(z.regex(/^[a-z0-9-]+\.[a-z0-9-]+$/, "must be an instance type")),
    "t3.small",
  ),
  /** How many servers; a candidate starts with as many as live has, at least `min`. */
  capacity: z.strictObject({
    /** Servers that run at least. */
    min: wholeNumber(1, 1000),
    /** Servers that run at most. */
    max: wholeNumber(1, 1000),
    /** What the number of servers follows between the two; left out, it stays where it is. */
    scaling: z.optional(
      z.strictObject({
        /** Unit: percent, 1–100: how busy the servers' CPUs are on average. */
        cpuPercent: z.optional(wholeNumber(1, 100)),
        /** Unit: requests a minute that each server answers on average, 1–1000000. */
        requestsPerMinute: z.optional(wholeNumber(1, 1_000_000)),
      }),
    ),
  }),
  /** Accept a `max` below what is live now. */
  allowShrink: z._default(z.boolean(), false),
  /** How the load balancer finds out whether a server works. */
  healthCheck,
  /** Listener that carries the service; left out, the stage's listener. */
  listener: z.optional(z.string().check(z.regex(/^arn:aws[a-z-]*:elasticloadbalancing:/, "must be a listener's ARN"))),
  /** Which requests are the service's; left out, every path. ELBv2 allows five condition values a rule: 3 hosts, 2 paths. */
  route: z._default(
    z.strictObject({
      /** Host names, `*` and `?` allowed. */
      hosts: z._default(z.array(z.string().check(z.minLength(1), z.maxLength(128))).check(z.maxLength(3)), []),
      /** Paths, `*` and `?` allowed. */
      paths: z._default(z.array(z.string().check(z.minLength(1), z.maxLength(128))).check(z.maxLength(2)), []),
    }),
    { hosts: [], paths: [] },
  ),
  /** Take the place of the listener's rule that has the very same hosts and paths and that Kiln did not make. */
  adopt: z._default(z.boolean(), false),
  /** Security groups of the servers; left out, the VPC's default one. They must let the load balancer reach the port. */
  securityGroups: z._default(
    z.array(z.string().check(z.regex(/^sg-[0-9a-f]+$/, "must be a security group id"))).check(z.maxLength(5)),
    [],
  ),
  /** Days after which a single server is replaced, 1–365; left out, never by its age alone. A new fleet's servers are new anyway (Auto Scaling MaxInstanceLifetime, at least a day). */
  maxInstanceAgeDays: z.optional(wholeNumber(1, 365)),
  /** What becomes of a server that somebody touched (session, command, volume, profile, security group, attribute): `replace` it, or only `report` it. */
  touched: z._default(z.enum(["replace", "report"]), "replace"),
  /** Instance profile for what the program itself needs of AWS; its role stands under `/kiln/<stage>/instances/`. */
  instanceProfile: z.optional(z.string().check(z.regex(/^[\w+=,.@-]{1,128}$/, "must be an instance profile's name"))),
  /** How traffic moves to a release that passed. A first deploy, and a rollback, move it all at once. */
  deploy: z._default(
    z.strictObject({
      /** `all-at-once`; `canary`: the named shares first; `linear`: equal shares, one after another. */
      strategy: z._default(z.enum(["all-at-once", "canary", "linear"]), "all-at-once"),
      /** Of a canary: percent of the requests that the new release gets, rising, before it gets all. 1–10 steps of 1–99; left out, one of 10. */
      steps: z.optional(z.array(wholeNumber(1, 99)).check(z.minLength(1), z.maxLength(10))),
      /** Of a linear deploy: percent of the requests that each step adds, 5–50; left out, 20. */
      stepPercent: z.optional(wholeNumber(5, 50)),
      /** Unit: seconds, 10–3600: how long each step but the last is watched; after the last one it is `observeSeconds`. */
      intervalSeconds: z._default(wholeNumber(10, 3600), 60),
      /** A person's word before a validated release gets traffic: `kiln approve` or `kiln reject`; left out, none is needed. */
      approval: z.optional(
        z.strictObject({
          /** Unit: seconds, 60–14400: a release that nobody approved by then is taken away. */
          deadlineSeconds: z._default(wholeNumber(60, 14_400), 3600),
        }),
      ),
      /** A command that runs on one instance of a release that passed everything, before it gets traffic: at most once for each release, whatever is tried again, and never on a rollback. If it fails, or nobody can tell how it ended, the release goes. Needs the SSM Agent. */
      once: z.optional(once),
      /** Of a canary or linear deploy: compare what both releases answer, and take a step only on a pass. 1 % false alarms, 5 % misses at twice live's odds to fail, at most; `{}` takes the defaults. Left out, nobody compares. */
      judge: z.optional(judge),
    }),
    { strategy: "all-at-once", intervalSeconds: 60 },
  ),
  /** What a fleet must pass before it gets traffic. */
  validate: z._default(
    z.strictObject({
      /** Looks in a row that find all targets healthy before the fleet passes, the last one after the probes; what the load balancer calls healthy is itself `healthCheck.healthyThreshold` good answers in a row. 1–20. */
      healthyInARow: z._default(wholeNumber(1, 20), 2),
      /** Unit: seconds, 30–3600: how long a candidate may take to pass once its instances are in service. */
      timeoutSeconds: z._default(wholeNumber(30, 3600), 300),
      /** Requests through the trial rule that must be answered rightly; left out, the health path, three times. */
      probes: z._default(z.array(probe).check(z.maxLength(10)), []),
      /** Keep one instance of a candidate that failed, cut off, to look at; left out, everything of it goes. */
      quarantine: z.optional(
        z.strictObject({
          /** Unit: minutes, 10–10080: how long it is kept; the first sweep after that terminates it. */
          minutes: wholeNumber(10, 10_080),
          /** A security group of the load balancer's VPC without any rule, in or out, tagged `kiln:stage` with the stage's name: what the instance gets instead of its own. */
          securityGroup: z.string().check(z.regex(/^sg-[0-9a-f]+$/, "must be a security group id")),
        }),
      ),
      /** Lambda functions of your own that judge the candidate; each must answer `{"verdict":"pass"}`. */
      functions: z._default(z.array(checkFunction).check(z.maxLength(5)), []),
      /** Commands that look at the candidate from inside, by Run Command: the base has the SSM Agent, and the `instanceProfile` what `AmazonSSMManagedInstanceCore` allows. */
      commands: z.optional(z.array(command).check(z.maxLength(5))),
    }),
    { healthyInARow: 2, timeoutSeconds: 300, probes: [], functions: [] },
  ),
  /** When it may be deployed; left out, always. Rollbacks always may, a refresh waits for the next window. */
  windows: z._default(z.array(window).check(z.maxLength(10)), []),
  /** What makes a service be deployed again by itself, beside a base that changed. */
  refresh: z.optional(
    z.strictObject({
      /** Unit: days, 1–365: a live fleet that is older is replaced by the next daily refresh; left out, its age does not matter. */
      maxAgeDays: z.optional(wholeNumber(1, 365)),
    }),
  ),
  /** Names of CloudWatch alarms. One that is red, or does not exist, refuses a deploy; red while the release is observed, or without data five minutes after, takes traffic back. A deploy with an override ignores them. */
  alarms: z._default(z.array(z.string().check(z.minLength(1), z.maxLength(255))).check(z.maxLength(20)), []),
  /** Unit: seconds, 0–3600: how long the new fleet is watched after cutover before the deploy settles. */
  observeSeconds: z._default(wholeNumber(0, 3600), 30),
  /** Unit: seconds, 60–86400: how long the previous fleet stays ready to serve again. */
  hotSeconds: z._default(wholeNumber(60, 86_400), 3600),
  /** Experiments of the service, for what whoever starts one does not say; left out, one server for 24 hours. */
  experiments: z.optional(
    z.strictObject({
      /** How many servers an experiment has, 1–10; left out, one. */
      size: z.optional(wholeNumber(experimentLimits.size.least, experimentLimits.size.most)),
      /** Unit: hours, 1–336: how long it may stay before the sweep removes it; left out, 24. */
      hours: z.optional(wholeNumber(experimentLimits.hours.least, experimentLimits.hours.most)),
    }),
  ),
  /** Which releases that served keep their image, so that they can be launched again. `kiln releases pin` keeps one beside them. */
  keep: z._default(
    z.strictObject({
      /** So many of the newest, the live one and the one before included. 2–50. */
      releases: z._default(wholeNumber(2, keptReleases.most), keptReleases.usual),
      /** Unit: days, 0–365: and all that were made within so many days of the deploy that is live, up to 50. */
      days: z._default(wholeNumber(0, 365), 0),
      /** Unit: hours, 1–8760: how long an image that nothing needs stays disabled, which can be undone, before it is deregistered. */
      graceHours: z._default(wholeNumber(1, 8760), usualGraceHours),
    }),
    { releases: keptReleases.usual, days: 0, graceHours: usualGraceHours },
  ),
  /** Unit: seconds, 0–3600: how long requests in flight may take when a fleet leaves (deregistration delay). */
  drainSeconds: z._default(wholeNumber(0, 3600), 30),
  /** Unit: seconds, 1–900: from SIGTERM to SIGKILL when an instance stops. */
  stopSeconds: z._default(wholeNumber(1, 900), 30),
});

export type ServiceSpec = z.infer<typeof serviceSpecSchema>;

/** Parses a spec and reports every problem at once, contradictions between keys and secrets included. */
export function parseServiceSpec(document: unknown): { spec: ServiceSpec } | { problems: Problem[] } {
  const parsed = serviceSpecSchema.safeParse(document);
  const unsound = parsed.success ? [] : problemsOf(parsed.error);
  const whole = parsed.success ? parsed.data : document;
  const told = new Set(unsound.map(({ path }) => path));
  const unseen = contradictions(whole).filter(({ path }) => !told.has(path));
  const problems = [...unsound, ...unseen, ...environmentProblems(whole)];
  return parsed.success && problems.length === 0 ? { spec: parsed.data } : { problems };
}

const whereSecretsBelong =
  "a spec is readable in the ledger and on the servers. Keep it in SSM Parameter Store or Secrets Manager, name it in the environment, and let the program read it with its instanceProfile";

function environmentProblems(document: unknown): Problem[] {
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(Object(at(document, "environment")))) {
    const path = `environment.${name}`;
    if (["PORT", "PATH", "HOME"].includes(name) || name.startsWith("KILN_")) {
      problems.push({ path, message: "is set by Kiln; choose another name" });
    }
    if (typeof value !== "string") continue;
    const secret = secretIn(value) ?? secretNamed(name, value);
    if (secret) problems.push({ path, message: `holds ${secret}; ${whereSecretsBelong}` });
  }
  const command = at(document, "command");
  const secret = typeof command === "string" ? secretIn(command) : undefined;
  if (secret) problems.push({ path: "command", message: `holds ${secret}; ${whereSecretsBelong}` });
  return problems;
}
