import { describe, expect, it } from "vitest";
import { at, contradictions } from "../../../shared/domain/spec-contradictions.ts";

describe("the value of a key", () => {
  it("is found at any depth, in lists too", () => {
    expect(at({ a: { b: [1, 2] } }, "a", "b", "1")).toBe(2);
    expect(at("whole")).toBe("whole");
    expect(at({ a: null }, "a")).toBeNull();
  });

  it.each([
    [null, ["a"]],
    [undefined, ["a"]],
    ["text", ["length"]],
    [{ a: null }, ["a", "b"]],
    [{}, ["constructor"]],
    [{ a: 1 }, ["b"]],
  ])("is nothing where the document %j has none of its own at %j", (document, path) => {
    expect(at(document, ...path)).toBeUndefined();
  });
});

/** Problems as `path: message`. */
function found(document: unknown): string[] {
  return contradictions(document).map(({ path, message }) => `${path}: ${message}`);
}

describe("the size of a service", () => {
  it("may be fixed, and its most may not be below its least", () => {
    expect(found({ capacity: { min: 2, max: 2 } })).toEqual([]);
    expect(found({ capacity: { min: 2, max: 1 } })).toEqual(["capacity.max: is 1, below capacity.min 2"]);
  });

  it("is not compared when one of the two is missing or no number", () => {
    for (const capacity of [{ min: 2 }, { max: 1 }, { min: "2", max: 1 }, { min: 2, max: "1" }]) {
      expect(found({ capacity })).toEqual([]);
    }
  });

  it("must follow something when it is to follow", () => {
    const problem = "capacity.scaling: needs cpuPercent, requestsPerMinute or both";
    expect(found({ capacity: { scaling: {} } })).toEqual([problem]);
    for (const scaling of [{ cpuPercent: 50 }, null, "", undefined])
      expect(found({ capacity: { scaling } })).toEqual([]);
  });
});

describe("a health check", () => {
  const problem = "healthCheck.timeoutSeconds: must be below healthCheck.intervalSeconds";

  it.each([
    [{}, []],
    [{ timeoutSeconds: 4 }, []],
    [{ timeoutSeconds: 5 }, [problem]],
    [{ intervalSeconds: 4 }, [problem]],
    [{ intervalSeconds: 30, timeoutSeconds: 29 }, []],
    [{ intervalSeconds: 30, timeoutSeconds: 30 }, [problem]],
    [{ intervalSeconds: "3", timeoutSeconds: 4 }, []],
    [{ intervalSeconds: 3, timeoutSeconds: "4" }, []],
  ])("that says %j has the problems %j", (healthCheck, problems) => {
    expect(found({ healthCheck })).toEqual(problems);
  });
});

describe("layers", () => {
  it("are named once each", () => {
    expect(found({ layers: ["a", "b"] })).toEqual([]);
    expect(found({ layers: ["a", "b", "a"] })).toEqual(["layers: names a layer twice"]);
    expect(found({ layers: "aa" })).toEqual([]);
  });
});

describe("probes", () => {
  it("cannot need more right answers than they ask for, five when they do not say", () => {
    const probes = [{ atLeast: 5 }, { atLeast: 6 }, { count: 2, atLeast: 2 }, { count: 2, atLeast: 3 }, {}, null];
    expect(found({ validate: { probes } })).toEqual([
      "validate.probes.1.atLeast: is 6, above count 5",
      "validate.probes.3.atLeast: is 3, above count 2",
    ]);
    expect(found({ validate: { probes: { atLeast: 6 } } })).toEqual([]);
  });
});

describe("commands on the candidate", () => {
  const check = (validate: object, rest: object = { instanceProfile: "managed" }) => found({ validate, ...rest });

  it("may not outlast the validation", () => {
    const outlasts = (seconds: number, whole: number) => [
      `validate.commands.0.timeoutSeconds: is ${seconds}, above validate.timeoutSeconds ${whole}`,
    ];
    expect(check({ commands: [{ name: "a", timeoutSeconds: 300 }] })).toEqual([]);
    expect(check({ commands: [{ name: "a", timeoutSeconds: 301 }] })).toEqual(outlasts(301, 300));
    expect(check({ commands: [{ name: "a" }], timeoutSeconds: 60 })).toEqual([]);
    expect(check({ commands: [{ name: "a" }], timeoutSeconds: 59 })).toEqual(outlasts(60, 59));
  });

  it("have names of their own", () => {
    const commands = [{ name: "a" }, { name: "b" }, { name: "b" }];
    expect(check({ commands })).toEqual(["validate.commands.2.name: is the name of command 1 as well"]);
  });

  it("need an agent, as a command that runs once does, and so a profile", () => {
    const problem =
      "instanceProfile: is missing: without a profile no agent can be asked to run validate.commands or deploy.once";
    expect(check({ commands: [{ name: "a" }] }, {})).toEqual([problem]);
    expect(check({}, { deploy: { once: { run: "x" } } })).toEqual([problem]);
    expect(check({}, { deploy: { once: { run: "x" } }, instanceProfile: "managed" })).toEqual([]);
    expect(check({ commands: [] }, {})).toEqual([]);
    expect(check({ commands: "all" }, {})).toEqual([]);
  });
});

describe("how traffic moves", () => {
  const check = (deploy: object) => found({ deploy });

  it("has only the keys of its strategy", () => {
    expect(check({ strategy: "canary", steps: [1, 2] })).toEqual([]);
    expect(check({ strategy: "linear", steps: [1, 2] })).toEqual(["deploy.steps: belongs to strategy canary"]);
    expect(check({ strategy: "linear", stepPercent: 5 })).toEqual([]);
    expect(check({ strategy: "canary", stepPercent: 5 })).toEqual(["deploy.stepPercent: belongs to strategy linear"]);
    const judge = "deploy.judge: belongs to strategy canary or linear: it compares two releases";
    expect(check({ strategy: "canary", judge: {} })).toEqual([]);
    expect(check({ strategy: "linear", judge: {} })).toEqual([]);
    expect(check({ strategy: "all-at-once", judge: {} })).toEqual([judge]);
  });

  it("rises from step to step", () => {
    const problem = "deploy.steps: must rise from step to step";
    for (const steps of [[], [5], [5, 6, 99]]) expect(check({ strategy: "canary", steps })).toEqual([]);
    for (const steps of [
      [5, 5],
      [5, 4],
      [1, 9, 8],
    ])
      expect(check({ strategy: "canary", steps })).toEqual([problem]);
  });

  it.each<[object, string | undefined]>([
    [{ strategy: "linear", intervalSeconds: 3600 }, undefined],
    [{ strategy: "linear", intervalSeconds: 3601 }, "4 steps"],
    [{ strategy: "linear", stepPercent: 30, intervalSeconds: 4800 }, undefined],
    [{ strategy: "linear", stepPercent: 30, intervalSeconds: 4801 }, "3 steps"],
    [{ strategy: "canary", intervalSeconds: 14_400 }, undefined],
    [{ strategy: "canary", intervalSeconds: 14_401 }, "1 steps"],
    [{ strategy: "canary", steps: [1, 2, 3], intervalSeconds: 4801 }, "3 steps"],
    [{ strategy: "canary", steps: [1, 2], intervalSeconds: 6600, judge: {} }, undefined],
    [{ strategy: "canary", steps: [1, 2], intervalSeconds: 6601, judge: {} }, "2 steps"],
    [{ strategy: "canary", intervalSeconds: 60, judge: { waitSeconds: 14_341 } }, "1 steps"],
    [{ strategy: "canary", intervalSeconds: 60, approval: { deadlineSeconds: 14_340 } }, undefined],
    [{ strategy: "canary", intervalSeconds: 60, approval: { deadlineSeconds: 14_341 } }, "1 steps and the approval"],
  ])("takes at most four hours: %j", (deploy, what) => {
    const problem = `deploy.intervalSeconds: makes ${what} take more than 14400 s together`;
    expect(check(deploy)).toEqual(what === undefined ? [] : [problem]);
  });

  it("has no steps to wait for when it moves all at once, so an approval may take all of that time", () => {
    const approval = { deadlineSeconds: 14_400 };
    expect(check({ strategy: "all-at-once", intervalSeconds: 60, approval })).toEqual([]);
    expect(check({ intervalSeconds: 60, approval })).toEqual([]);
  });
});
