import { describe, expect, it } from "vitest";
import {
  accepting,
  asFound,
  confirmed,
  givenUp,
  groupName,
  left,
  type RuleRecord,
  stateOf,
  unexplained,
} from "../../../shared/domain/rule-record.ts";
import { byDefault, kilnRule, rule } from "./listener-rules.ts";

const weights = (blue: number, green: number) => [
  { targetGroupArn: "arn:targetgroup/web-000001-x/1", weight: blue },
  { targetGroupArn: "arn:targetgroup/web-000002-x/2", weight: green },
];
const route = { hosts: ["shop.example"], paths: [] };
const own = (changes: Parameters<typeof rule>[0] = {}) =>
  kilnRule("web", { priority: 35_000, hosts: ["shop.example"], weights: weights(0, 1), ...changes });
const record: RuleRecord = { from: { weights: weights(1, 0), route }, to: { weights: weights(0, 1), route } };

describe("a production rule", () => {
  it("is explained when it says what it was told, or what it said before while the work is not done", () => {
    expect(unexplained("web", record, [own()], [byDefault])).toBeUndefined();
    expect(unexplained("web", record, [own({ weights: weights(1, 0) })], [byDefault])).toBeUndefined();
    expect(unexplained("web", undefined, [own({ weights: weights(5, 5) })], [byDefault])).toBeUndefined();
    expect(unexplained("web", { to: null }, [], [byDefault])).toBeUndefined();
  });

  it("is not explained when somebody reverted it after the work was done", () => {
    const said = unexplained("web", confirmed(record), [own({ weights: weights(1, 0) })], [byDefault]);
    expect(said).toBe(
      "the production rule of web is not as Kiln left it: expected web-000001-x 0 + web-000002-x 1 for host-header shop.example, found web-000001-x 1 + web-000002-x 0 for host-header shop.example",
    );
  });

  it("is recorded as it was before, when the call that would have changed it was never made", () => {
    const before = stateOf(own({ weights: weights(1, 0) }));
    const live = "web-000001-x";
    expect(asFound(record, before, live)).toEqual({ to: { weights: weights(1, 0), route }, behind: undefined });
    expect(asFound(record, stateOf(own()), live)).toBe(record);
    expect(asFound(record, stateOf(own({ weights: weights(5, 5) })), live)).toBe(record);
    expect(asFound({ to: record.to }, before, live)).toEqual({ to: record.to });
  });

  it("is recorded as it was told, when an answer from before the call is found for a release that only the call serves", () => {
    const live = "web-000002-x";
    expect(asFound(record, stateOf(own({ weights: weights(1, 0) })), live)).toBe(record);
    expect(asFound({ from: null, to: record.to }, null, live)).toEqual({ from: null, to: record.to });
    // A share of a drill, or a step: the weights are larger than those of a whole share, and give it less.
    const step = { weights: weights(90, 10), route };
    const whole = { from: step, to: { weights: weights(0, 1), route } };
    expect(asFound(whole, stateOf(own({ weights: weights(90, 10) })), live)).toBe(whole);
    const back = { from: whole.to, to: step };
    expect(asFound(back, stateOf(own({ weights: weights(0, 1) })), live).to).toEqual(whole.to);
    // As much by both: nothing says that the call was made.
    const fewer = { from: whole.to, to: { weights: weights(0, 1).slice(1), route } };
    expect(asFound(fewer, stateOf(own({ weights: weights(0, 1) })), live).to).toEqual(whole.to);
    // Where neither gives it requests, nobody can have made the call for it.
    const neither = { from: record.from ?? null, to: null };
    expect(asFound(neither, stateOf(own({ weights: weights(1, 0) })), live).to).toEqual(record.from);
  });

  it("that somebody changed is expected to say what it can say without the candidate that failed", () => {
    const [live, candidate] = weights(0, 1).map(({ targetGroupArn }) => targetGroupArn);
    const groups = { candidate: candidate ?? "", live, standby: undefined };
    const after = givenUp({ ...record, behind: "front" }, groups);
    expect(after).toEqual({ to: { weights: [{ targetGroupArn: live, weight: 1 }], route }, behind: "front" });
    expect(unexplained("web", after, [own({ weights: weights(1, 0).slice(0, 1) })], [byDefault])).toBeUndefined();
    expect(givenUp(record, { ...groups, live: undefined })).toEqual({ to: null, behind: undefined });
    // A route that only the candidate would have had is not expected either.
    const moved = { ...record, to: { weights: weights(0, 1), route: { hosts: ["new.example"], paths: [] } } };
    expect(givenUp(moved, groups).to?.route).toEqual(route);
    expect(givenUp({ to: moved.to }, groups).to?.route).toEqual(moved.to.route);
  });

  it("stays expected as it is when the candidate that failed was to get nothing", () => {
    const [live, candidate = ""] = weights(0, 1).map(({ targetGroupArn }) => targetGroupArn);
    const untold = { to: { weights: weights(1, 0), route } };
    expect(givenUp(untold, { candidate, live, standby: undefined })).toBe(untold);
    expect(givenUp({ to: null }, { candidate, live, standby: undefined })).toEqual({ to: null });
  });

  it("that somebody changed may lose a group, and is explained once their change is taken back", () => {
    const [group = ""] = weights(0, 1).map(({ targetGroupArn }) => targetGroupArn);
    const after = left(record, group);
    expect(after).toEqual({ to: { weights: weights(0, 1).slice(1), route }, from: record.to });
    expect(unexplained("web", after, [own()], [byDefault])).toBeUndefined();
    expect(unexplained("web", after, [own({ weights: weights(0, 1).slice(1) })], [byDefault])).toBeUndefined();
    expect(left({ to: null }, group)).toEqual({ to: null, from: null });
  });

  it("of a wish that gave a group requests is again what it was before, once that group goes", () => {
    const [, candidate = ""] = weights(0, 1).map(({ targetGroupArn }) => targetGroupArn);
    const before = { weights: weights(1, 0).slice(0, 1), route };
    const step = { weights: weights(90, 10), route };
    expect(left({ from: before, to: step, behind: "front" }, candidate)).toEqual({
      from: step,
      to: before,
      behind: "front",
    });
    expect(left({ from: null, to: step }, candidate)).toEqual({ from: step, to: null });
    // Nothing was before: no rule is expected, and not one that leads nowhere.
    const only = { weights: weights(0, 1).slice(1), route };
    expect(left({ to: only }, candidate)).toEqual({ from: only, to: null });
    expect(left({ to: step }, candidate).to?.weights).toEqual(weights(90, 10).slice(0, 1));
  });

  it("is explained with a further group that gets nothing, and not without one that was named", () => {
    const expected = { to: { weights: weights(1, 0).slice(0, 1), route } };
    expect(unexplained("web", expected, [own({ weights: weights(1, 0) })], [byDefault])).toBeUndefined();
    expect(unexplained("web", expected, [own({ weights: weights(1, 1) })], [byDefault])).toMatch(/not as Kiln left it/);
    const both = { to: { weights: weights(1, 0), route } };
    expect(unexplained("web", both, [own({ weights: weights(1, 0).slice(0, 1) })], [byDefault])).toMatch(
      /not as Kiln left it/,
    );
  });

  it.each([
    ["gone", [], /found none/],
    ["given other hosts", [own({ hosts: ["other.example"] })], /found .* for host-header other.example/],
    ["made sticky", [own({ sticky: true })], /group stickiness/],
    [
      "given a condition",
      [own({ conditions: [...own().conditions, { field: "source-ip", values: ["10.0.0.0/8"] }] })],
      /source-ip/,
    ],
    ["there twice", [own(), own({ arn: "copy" })], /two production rules/],
  ])("is not explained when it is %s", (_what, found, says) => {
    expect(unexplained("web", record, found, [byDefault])).toMatch(says);
  });

  it("is not explained when somebody's rule stands in front of it", () => {
    const front = rule({ priority: 7, hosts: ["*.example"] });
    expect(unexplained("web", record, [own()], [front, byDefault])).toMatch(/priority 7.*none reaches it/);
    expect(unexplained("web", record, [own()], [rule({ priority: 7, paths: ["/api/*"] }), byDefault])).toBeUndefined();
  });

  it("is explained once it was accepted as it is", () => {
    const front = rule({ priority: 7, hosts: ["*.example"] });
    const edited = own({ weights: weights(5, 5), sticky: true });
    const accepted = accepting([edited], [front, byDefault]);
    expect(accepted).toEqual({ to: stateOf(edited), behind: front.arn });
    expect(unexplained("web", accepted, [edited], [front, byDefault])).toBeUndefined();
    expect(unexplained("web", accepted, [own()], [front, byDefault])).toMatch(/not as Kiln left it/);
  });
});

describe("the state of a rule", () => {
  const header = (...values: string[]) => ({ field: "http-header", values });
  const host = { field: "host-header", values: ["shop.example"] };

  it("is what it forwards to and whose requests it takes, and nothing more where it has nothing more", () => {
    expect(stateOf(undefined)).toBeNull();
    const found = own({ conditions: [host, { field: "path-pattern", values: ["/a", "/b"] }] });
    expect(stateOf(found)).toStrictEqual({
      weights: weights(0, 1),
      route: { hosts: ["shop.example"], paths: ["/a", "/b"] },
    });
  });

  it("names the experiment whose header it asks for", () => {
    expect(stateOf(own({ conditions: [host, header("blue")] }))).toStrictEqual({
      weights: weights(0, 1),
      route: { hosts: ["shop.example"], paths: [], experiment: "blue" },
    });
  });

  it.each([
    ["a header with two values", { conditions: [host, header("blue", "red")] }, ["http-header"]],
    ["a header that nobody reads", { conditions: [host, header()] }, ["http-header"]],
    ["a condition of another kind", { conditions: [host, { field: "source-ip", values: ["::/0"] }] }, ["source-ip"]],
    ["stickiness", { sticky: true }, ["group stickiness"]],
    [
      "both",
      { sticky: true, conditions: [host, { field: "query-string", values: [] }] },
      ["query-string", "group stickiness"],
    ],
  ])("tells %s that Kiln never gives it", (_what, changes, further) => {
    expect(stateOf(own(changes))?.further).toEqual(further);
  });
});

describe("what is told of a production rule", () => {
  const api = { hosts: ["shop.example", "api.example"], paths: ["/v2", "/v1"], experiment: "blue" };

  it("names each group, its weight, and every condition, in an order that does not change", () => {
    const said = unexplained(
      "web",
      { to: { weights: weights(0, 1), route: api } },
      [own({ weights: [] })],
      [byDefault],
    );
    expect(said).toBe(
      "the production rule of web is not as Kiln left it: expected web-000001-x 0 + web-000002-x 1 for host-header api.example or shop.example, path-pattern /v1 or /v2, x-kiln-experiment blue, found no target group for host-header shop.example",
    );
  });

  it("is nothing when only the order of hosts or groups is another, or the case of a host", () => {
    const told = { to: { weights: weights(0, 1), route: { hosts: ["a.example", "B.example"], paths: [] } } };
    const found = own({ hosts: ["b.example", "A.example"], weights: [...weights(0, 1)].reverse() });
    expect(unexplained("web", told, [found], [byDefault])).toBeUndefined();
  });

  it("is another case of a path, another experiment, and a rule where none was left", () => {
    const lower = { to: { weights: weights(0, 1), route: { hosts: [], paths: ["/api"] } } };
    expect(unexplained("web", lower, [own({ hosts: [], paths: ["/API"] })], [])).toMatch(
      /expected .* \/api, found .* \/API$/,
    );
    const blue = { to: { weights: weights(0, 1), route: { ...route, experiment: "blue" } } };
    expect(unexplained("web", blue, [own()], [])).toMatch(/x-kiln-experiment blue, found [^,]*$/);
    expect(unexplained("web", { to: null }, [own()], [])).toMatch(/expected none, found web-000001-x 0/);
    expect(unexplained("web", { to: null, from: null }, [own()], [])).toMatch(/expected none/);
  });

  it("names both where there are two", () => {
    expect(unexplained("web", record, [own(), own({ arn: "copy", priority: 35_001 })], [])).toBe(
      "web has two production rules: rule rule-35000 (priority 35000, host-header shop.example, of service web in stage dev) and rule copy (priority 35001, host-header shop.example, of service web in stage dev)",
    );
  });

  it("is a rule in front of it also where nothing was recorded, and none behind it", () => {
    const front = rule({ priority: 34_999, hosts: ["*.example"] });
    expect(unexplained("web", undefined, [own()], [front, byDefault])).toMatch(/priority 34999.*none reaches it/);
    expect(unexplained("web", undefined, [own()], [{ ...front, priority: 35_001 }, byDefault])).toBeUndefined();
    expect(unexplained("web", undefined, [], [front, byDefault])).toBeUndefined();
    expect(accepting([own()], [byDefault])).toEqual({ to: stateOf(own()), behind: undefined });
    expect(accepting([], [front])).toEqual({ to: null, behind: undefined });
  });
});

describe("a record", () => {
  it("that is confirmed keeps what was accepted in front, and forgets what was before", () => {
    expect(confirmed({ ...record, behind: "arn:front" })).toStrictEqual({ to: record.to, behind: "arn:front" });
    expect(confirmed(undefined)).toBeUndefined();
  });

  it("goes back to there being no rule, when the one that was wished was never made", () => {
    expect(asFound({ to: record.to, from: null, behind: "arn:front" }, null, "web-000001-x")).toEqual({
      to: null,
      behind: "arn:front",
    });
    const first = { to: record.to, from: null };
    expect(asFound(first, stateOf(own()), "web-000001-x")).toBe(first);
  });
});

it("a target group is called by the readable part of its ARN, and by all of it where there is none", () => {
  expect(groupName("arn:aws:elasticloadbalancing:x:1:targetgroup/web-000001-0123456789/abcdef")).toBe(
    "web-000001-0123456789",
  );
  expect(groupName("theirs")).toBe("theirs");
});
