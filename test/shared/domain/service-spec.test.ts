import { describe, expect, it } from "vitest";
import { keysOfVersion, readArtifactKey } from "../../../shared/domain/keys.ts";
import { readDeployRequest, subjectOf } from "../../../shared/domain/request.ts";
import { ruleConditions } from "../../../shared/domain/rules.ts";
import { parseServiceSpec } from "../../../shared/domain/service-spec.ts";

const minimal = { service: "web", capacity: { min: 2, max: 4 }, healthCheck: { path: "/health" } };

function problemsOf(document: unknown): string[] {
  const parsed = parseServiceSpec(document);
  return "problems" in parsed ? parsed.problems.map(({ path }) => path).sort() : [];
}

describe("a service spec", () => {
  it("needs three keys; everything else has a default", () => {
    const parsed = parseServiceSpec(minimal);
    expect(parsed).toMatchObject({
      spec: { base: "al2023", port: 8080, instanceType: "t3.small", layers: [], drainSeconds: 30 },
    });
  });

  it("reports every problem at once, each with its path", () => {
    const document = {
      service: "Web!",
      port: 80,
      capacity: { min: 0, max: 4 },
      healthCheck: { path: "health" },
      colour: "red",
    };
    expect(problemsOf(document)).toEqual(["(top)", "capacity.min", "healthCheck.path", "port", "service"]);
  });

  it("refuses a size that is to follow nothing", () => {
    const document = { ...minimal, capacity: { min: 1, max: 2, scaling: {} } };
    expect(problemsOf(document)).toEqual(["capacity.scaling"]);
  });

  it("refuses contradictions between keys", () => {
    const document = {
      ...minimal,
      capacity: { min: 4, max: 2 },
      healthCheck: { path: "/", intervalSeconds: 5, timeoutSeconds: 5 },
      layers: ["node-24", "node-24"],
    };
    expect(problemsOf(document)).toEqual(["capacity.max", "healthCheck.timeoutSeconds", "layers"]);
  });

  it("refuses steps that do not belong to the strategy, that do not rise, or that take hours", () => {
    const withDeploy = (deploy: object) => problemsOf({ ...minimal, deploy });
    expect(withDeploy({ strategy: "canary", steps: [5, 25, 50] })).toEqual([]);
    expect(withDeploy({ strategy: "linear", stepPercent: 25 })).toEqual([]);
    expect(withDeploy({ strategy: "linear", steps: [5] })).toEqual(["deploy.steps"]);
    expect(withDeploy({ stepPercent: 25 })).toEqual(["deploy.stepPercent"]);
    expect(withDeploy({ strategy: "canary", steps: [10, 10] })).toEqual(["deploy.steps"]);
    expect(withDeploy({ strategy: "canary", steps: [0, 100] })).toEqual(["deploy.steps.0", "deploy.steps.1"]);
    expect(withDeploy({ strategy: "linear", stepPercent: 5, intervalSeconds: 3600 })).toEqual([
      "deploy.intervalSeconds",
    ]);
  });

  it("refuses a judge where nobody is to be compared with, and one that could wait for hours", () => {
    const withDeploy = (deploy: object) => problemsOf({ ...minimal, deploy });
    expect(withDeploy({ strategy: "canary", judge: {} })).toEqual([]);
    expect(withDeploy({ judge: {} })).toEqual(["deploy.judge"]);
    expect(withDeploy({ strategy: "linear", stepPercent: 5, judge: { waitSeconds: 3600 } })).toEqual([
      "deploy.intervalSeconds",
    ]);
  });

  it("refuses commands that nobody could run, whose names meet, or that outlast the validation", () => {
    const withAgent = { ...minimal, instanceProfile: "managed" };
    const commands = [{ name: "smoke", run: "./smoke.sh" }];
    const once = { run: "./migrate.sh" };
    expect(problemsOf({ ...withAgent, validate: { commands }, deploy: { once } })).toEqual([]);
    expect(problemsOf({ ...minimal, validate: { commands } })).toEqual(["instanceProfile"]);
    expect(problemsOf({ ...minimal, deploy: { once } })).toEqual(["instanceProfile"]);
    const twice = [...commands, { ...commands[0], timeoutSeconds: 90 }];
    expect(problemsOf({ ...withAgent, validate: { timeoutSeconds: 60, commands: twice } })).toEqual([
      "validate.commands.1.name",
      "validate.commands.1.timeoutSeconds",
    ]);
  });

  it("reports what breaks the schema and what contradicts itself together", () => {
    const document = {
      service: "Web!",
      capacity: { min: 4, max: 2 },
      healthCheck: { path: "/", intervalSeconds: 5, timeoutSeconds: 5 },
      environment: { PORT: "1", DB_PASSWORD: "hunter2" },
      layers: "node-24",
    };
    expect(problemsOf(document)).toEqual([
      "capacity.max",
      "environment.DB_PASSWORD",
      "environment.PORT",
      "healthCheck.timeoutSeconds",
      "layers",
      "service",
    ]);
  });

  it("says of each key once what is wrong, and judges no value of a wrong type", () => {
    expect(problemsOf({ ...minimal, capacity: { min: 2, max: 0 } })).toEqual(["capacity.max"]);
    expect(problemsOf({ ...minimal, environment: { DB_PASSWORD: 5 } })).toEqual(["environment.DB_PASSWORD"]);
    const secret = ["AK", "IAIOSFODNN7EXAMPLE"].join("");
    expect(problemsOf({ ...minimal, command: [secret] })).toEqual(["command"]);
  });

  it.each([null, 3, "web", [], { capacity: null, environment: [null], healthCheck: "x", layers: {} }])(
    "is refused without an accident when it is %j",
    (document) => {
      expect(problemsOf(document)).not.toEqual([]);
    },
  );

  it("refuses secrets in the environment and the command, with advice and without repeating them", () => {
    const secret = ["AK", "IAIOSFODNN7EXAMPLE"].join("");
    const parsed = parseServiceSpec({ ...minimal, command: `./run --key=${secret}`, environment: { AWS_ID: secret } });
    if (!("problems" in parsed)) throw new Error("it was accepted");
    expect(parsed.problems.map(({ path }) => path)).toEqual(["environment.AWS_ID", "command"]);
    for (const { message } of parsed.problems) {
      expect(message).toMatch(/an AWS access key id.*Secrets Manager.*instanceProfile/);
      expect(message).not.toContain(secret);
    }
  });

  it.each(["PORT", "PATH", "HOME", "KILN_STAGE"])("refuses to set %s, which is Kiln's", (name) => {
    expect(problemsOf({ ...minimal, environment: { [name]: "x" } })).toEqual([`environment.${name}`]);
  });

  it("refuses a line break in an environment value or a command", () => {
    expect(problemsOf({ ...minimal, environment: { A: "x\ny" } })).toEqual(["environment.A"]);
    expect(problemsOf({ ...minimal, command: "node\nrm" })).toEqual(["command"]);
  });

  it("accepts a base by name or by AMI, and nothing else", () => {
    expect(problemsOf({ ...minimal, base: { ami: "ami-0123456789abcdef0" } })).toEqual([]);
    expect(problemsOf({ ...minimal, base: "windows" })).toEqual(["base"]);
  });
});

describe("keys of the artifact bucket", () => {
  it.each([
    ["web/1.2.0.tar.gz", { kind: "production", service: "web", version: "1.2.0" }],
    ["web/1.2.0.tgz", { kind: "production", service: "web", version: "1.2.0" }],
    ["web/experiments/blue.tgz", { kind: "experiment", service: "web", experiment: "blue" }],
    ["layers/node-24.tar.gz", { kind: "layer", name: "node-24" }],
  ])("reads %s", (key, expected) => {
    expect(readArtifactKey(key)).toEqual(expected);
  });

  it.each(["web/1.2.0.rar", "1.2.0.tgz", "web/a/b.tgz", "Web/1.tgz", "web/.tgz", "web/../x.tgz", "layers/../x.tgz"])(
    "refuses %s",
    (key) => {
      expect(readArtifactKey(key).kind).toBe("unknown");
    },
  );

  it("reads a zip's, and says of any other ending which ones there are", () => {
    expect(readArtifactKey("web/1.2.0.zip")).toEqual({ kind: "production", service: "web", version: "1.2.0" });
    expect(readArtifactKey("web/1.2.0.rar")).toEqual({
      kind: "unknown",
      reason: "the key ends in neither .tar.gz, .tgz nor .zip",
    });
  });

  it("looks for a version under every ending", () => {
    expect(keysOfVersion("web", "1.0")).toEqual(["web/1.0.tar.gz", "web/1.0.tgz", "web/1.0.zip"]);
  });
});

describe("what a deploy was asked", () => {
  const event = {
    version: "0",
    source: "aws.s3",
    "detail-type": "Object Created",
    time: "2026-01-01T00:00:00Z",
    detail: { bucket: { name: "artifacts" }, object: { key: "web/1.2.0.tgz", size: 3, "version-id": "abc" } },
  };

  it("reads an upload's event with the exact version", () => {
    expect(readDeployRequest(event)).toMatchObject({
      kind: "upload",
      service: "web",
      version: "1.2.0",
      versionId: "abc",
    });
  });

  it("reads what a person types in the console", () => {
    const asked = { kind: "manual", service: "web", version: undefined, asked: { kind: "manual" } };
    expect(readDeployRequest({ service: "web" })).toEqual({ ...asked, acceptRule: false });
    expect(readDeployRequest({ service: "web", acceptRule: true })).toEqual({ ...asked, acceptRule: true });
    expect(readDeployRequest({ service: "web", version: "1.4.2" })).toMatchObject({ version: "1.4.2" });
  });

  it.each([[{}], [{ service: "web", verison: "1" }], [{ service: 3 }], ["web"], [null]])(
    "refuses %j and says what is wrong",
    (input) => {
      expect(readDeployRequest(input)).toMatchObject({
        kind: "invalid",
        what: "input",
        problem: expect.stringMatching(/.+/),
      });
    },
  );

  it.each<[string, object, RegExp]>([
    ["a time that is none", { ...event, time: "yesterday" }, /time: must be an ISO time/],
    ["a time that does not exist", { ...event, time: "2026-13-01T00:00:00Z" }, /time: must be a time that exists/],
    [
      "a bucket without versions",
      { ...event, detail: { ...event.detail, object: { key: "web/1.tgz" } } },
      /detail\.object\.version-id: is missing: the bucket must have versioning/,
    ],
    ["a notification of S3 itself", { Records: [{ eventName: "ObjectCreated:Put" }] }, /looks like an event/],
    ["another event", { ...event, "detail-type": "Object Deleted" }, /detail-type/],
    ["a version that is a path", { service: "web", version: "../../x" }, /version: must be a version/],
  ])("refuses %s and says where", (_title, input, problem) => {
    expect(readDeployRequest(input)).toMatchObject({
      kind: "invalid",
      what: "input",
      problem: expect.stringMatching(problem),
    });
  });

  it("tells of a refused request what it was about, as far as it can", () => {
    const stray = { ...event, detail: { ...event.detail, object: { key: "web/notes.txt", "version-id": "v" } } };
    expect(subjectOf(stray)).toEqual({ service: "web", key: "web/notes.txt", versionId: "v", time: event.time });
    expect(subjectOf({ service: "web", verison: "1" })).toEqual({ service: "web" });
    expect(subjectOf({ service: "../web" })).toEqual({});
    expect(subjectOf("web")).toEqual({});
  });

  it("refuses an event for a key outside the layout, naming the key", () => {
    const stray = { ...event, detail: { ...event.detail, object: { ...event.detail.object, key: "notes.txt" } } };
    expect(readDeployRequest(stray)).toMatchObject({
      kind: "invalid",
      what: "key",
      problem: expect.stringContaining("notes.txt"),
    });
  });
});

describe("the conditions of a production rule", () => {
  it("match every path when the spec names neither hosts nor paths", () => {
    expect(ruleConditions({ hosts: [], paths: [] })).toEqual([
      { Field: "path-pattern", PathPatternConfig: { Values: ["/*"] } },
    ]);
  });

  it("match hosts alone when only hosts are named", () => {
    expect(ruleConditions({ hosts: ["a.example"], paths: [] })).toEqual([
      { Field: "host-header", HostHeaderConfig: { Values: ["a.example"] } },
    ]);
  });
});
