import { describe, expect, it } from "vitest";
import { groupDifferences, nextReplacement, type SeenInstance, touchesOf } from "../../../shared/domain/drift.ts";
import { releaseWith, specWith } from "../../cli/support/releases.ts";

const launchedAtMs = Date.parse("2026-01-01T00:00:00Z");
const release = releaseWith({ spec: specWith({ instanceProfile: "web-program" }) });
const untouched: SeenInstance = {
  id: "i-0000000a",
  service: "web",
  generation: "web-000001",
  instanceType: "t3.small",
  securityGroupIds: ["sg-1"],
  profile: "web-program",
  imdsV2Only: true,
  launchedAtMs,
  volumes: [
    { device: "/dev/xvda", attachedAtMs: launchedAtMs + 1000, deletedWithIt: true },
    { device: "/dev/sdk", attachedAtMs: launchedAtMs + 1000, deletedWithIt: true },
  ],
};
const command = { instanceId: untouched.id, commandId: "c-1", document: "AWS-RunShellScript", comment: "" };

describe("an instance", () => {
  it("that nobody touched has nothing to say, whatever was done to others", () => {
    const others = [{ ...command, instanceId: "i-0000000b", atMs: launchedAtMs + 1000 }];
    expect(touchesOf(untouched, release, others, [{ instanceId: "i-0000000b", what: "StartSession" }])).toEqual([]);
  });

  it.each<[Partial<SeenInstance>, string]>([
    [{ instanceType: "t3.large" }, "its type is t3.large, not t3.small"],
    [{ securityGroupIds: ["sg-1", "sg-2"] }, "its security groups are sg-1 and sg-2, not sg-1"],
    [{ securityGroupIds: [] }, "its security groups are none, not sg-1"],
    [{ profile: "administrator" }, "its profile is administrator, not web-program"],
    [{ profile: undefined }, "its profile is none, not web-program"],
    [{ imdsV2Only: false }, "its metadata answers without a token, or to more than one hop"],
    [
      {
        volumes: [
          ...untouched.volumes,
          { device: "/dev/sdf", attachedAtMs: launchedAtMs + 400_000, deletedWithIt: false },
        ],
      },
      "a volume was attached at /dev/sdf after its launch",
    ],
    [
      { volumes: [{ device: "/dev/xvda", attachedAtMs: launchedAtMs, deletedWithIt: false }] },
      "its volume /dev/xvda would outlive it",
    ],
  ])("%j is touched, and it is said how", (change, reason) => {
    expect(touchesOf({ ...untouched, ...change }, release, [], [])).toEqual([reason]);
  });

  it("is told all at once what was done to it", () => {
    const wanted = { ...release, network: { ...release.network, securityGroupIds: ["sg-1", "sg-2"] } };
    const changed = { ...untouched, instanceType: "t3.large", securityGroupIds: ["sg-1", "sg-3"], imdsV2Only: false };
    expect(touchesOf(changed, wanted, [], [])).toEqual([
      "its type is t3.large, not t3.small",
      "its security groups are sg-1 and sg-3, not sg-1 and sg-2",
      "its metadata answers without a token, or to more than one hop",
    ]);
    expect(touchesOf({ ...untouched, securityGroupIds: ["sg-2", "sg-1"] }, wanted, [], [])).toEqual([]);
  });

  it("that should have no profile is touched once it has one", () => {
    const without = releaseWith({ spec: specWith() });
    expect(touchesOf(untouched, without, [], [])).toEqual(["its profile is web-program, not none"]);
    expect(touchesOf({ ...untouched, profile: undefined }, without, [], [])).toEqual([]);
  });

  it("got its volumes at its launch when they were attached within five minutes of it", () => {
    const volume = (afterMs: number, deletedWithIt = true) => ({
      ...untouched,
      volumes: [{ device: "/dev/sdf", attachedAtMs: launchedAtMs + afterMs, deletedWithIt }],
    });
    expect(touchesOf(volume(300_000), release, [], [])).toEqual([]);
    expect(touchesOf(volume(300_001), release, [], [])).toEqual(["a volume was attached at /dev/sdf after its launch"]);
    expect(touchesOf(volume(300_000, false), release, [], [])).toEqual(["its volume /dev/sdf would outlive it"]);
  });

  it("to which a command was sent is touched, unless Kiln sent it or it came before the launch", () => {
    const sent = (comment: string, afterMs: number) => [{ ...command, comment, atMs: launchedAtMs + afterMs }];
    expect(touchesOf(untouched, release, sent("look around", 1000), [])).toEqual([
      "command c-1 (AWS-RunShellScript) was sent to it",
    ]);
    expect(touchesOf(untouched, release, sent("kiln check smoke web-000001", 1000), [])).toEqual([]);
    expect(touchesOf(untouched, release, sent("look around", -1), [])).toEqual([]);
    expect(touchesOf(untouched, release, sent("look around", 0), [])).toHaveLength(1);
    expect(touchesOf(untouched, release, sent("look around, kiln ", 0), [])).toHaveLength(1);
  });

  it("of which an event told is touched, with whose hand it was", () => {
    const told = [{ instanceId: untouched.id, what: "StartSession", by: "arn:ann", at: "2026-01-01T01:00:00Z" }];
    expect(touchesOf(untouched, release, [], told)).toEqual(["StartSession by arn:ann"]);
    const nobody = [{ instanceId: untouched.id, what: "StartSession" }];
    expect(touchesOf(untouched, release, [], nobody)).toEqual(["StartSession"]);
  });
});

describe("touched instances are replaced", () => {
  const serving = (...ids: string[]) => ids.map((id) => ({ id, inService: true, healthy: true }));
  const next = (members: ReturnType<typeof serving>, touched: string[], healthy = 2) =>
    nextReplacement({ desired: 2, members }, new Set(touched), healthy);

  it("one at a time", () => {
    expect(next(serving("i-b", "i-a"), ["i-b", "i-a"])).toEqual({ kind: "replace", instanceId: "i-a" });
    expect(next(serving("i-a", "i-b"), ["i-b", "i-a"])).toEqual({ kind: "replace", instanceId: "i-a" });
    expect(next(serving("i-a", "i-b"), ["i-b"])).toEqual({ kind: "replace", instanceId: "i-b" });
  });

  it("only while the whole fleet serves", () => {
    const [first, second] = serving("i-a", "i-b");
    if (!first || !second) throw new Error("there are two");
    const leaving = { kind: "wait", why: "i-a is on its way" };
    expect(next([{ ...first, healthy: false }, second], ["i-a", "i-b"])).toEqual(leaving);
    expect(next([{ ...first, inService: false }, second], ["i-b"])).toEqual(leaving);
    expect(next([first], ["i-a"])).toEqual({ kind: "wait", why: "1 of 2 instances are there" });
    expect(next([first, second, ...serving("i-c")], ["i-a"]).kind).toBe("wait");
    expect(next([first, second], ["i-a"], 1)).toEqual({ kind: "wait", why: "1 of 2 targets are healthy" });
    expect(next([first, second], ["i-a"], 3)).toEqual({ kind: "replace", instanceId: "i-a" });
  });

  it("until none of the fleet's is left", () => {
    expect(next(serving("i-a", "i-b"), ["i-gone"])).toEqual({ kind: "none" });
  });
});

describe("a fleet's group", () => {
  const usual = { max: 4, templateName: "kiln-dev-web", maxAgeSeconds: 604_800 };
  const wanted = { ...usual, targetGroupArn: "arn:group" };
  const facts = { ...usual, targetGroupArns: ["arn:group"], suspended: [] };

  it("that is as its release wants it has no difference, and a larger one neither", () => {
    expect(groupDifferences("web-000001", facts, wanted)).toEqual([]);
    expect(groupDifferences("web-000001", { ...facts, max: 9 }, wanted)).toEqual([]);
  });

  it("that somebody changed is told, each change by itself", () => {
    const changed = {
      max: 1,
      templateName: "mine",
      targetGroupArns: [],
      suspended: ["Launch", "Terminate"],
      maxAgeSeconds: 0,
    };
    expect(groupDifferences("web-000001", changed, wanted)).toEqual([
      "the fleet of web-000001 was changed: its largest size is 1, its spec says 4",
      "the fleet of web-000001 was changed: it launches from mine, not kiln-dev-web",
      "the fleet of web-000001 was changed: its new instances are not given to its target group",
      "the fleet of web-000001 was changed: its servers may be any age old, its spec says 7 days",
      "the fleet of web-000001 was changed: its processes Launch and Terminate are suspended",
    ]);
  });

  it("is told from what it launches when that is nothing, and not to whom it gives servers when nobody is named", () => {
    expect(groupDifferences("web-000001", { ...facts, templateName: undefined }, wanted)).toEqual([
      "the fleet of web-000001 was changed: it launches from no template, not kiln-dev-web",
    ]);
    const unnamed = { ...wanted, targetGroupArn: undefined };
    expect(groupDifferences("web-000001", { ...facts, targetGroupArns: [] }, unnamed)).toEqual([]);
    const shared = { ...facts, targetGroupArns: ["arn:other", "arn:group"] };
    expect(groupDifferences("web-000001", shared, wanted)).toEqual([]);
  });
});
