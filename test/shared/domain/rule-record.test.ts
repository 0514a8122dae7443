import { describe, expect, it } from "vitest";
import {
  accepting,
  asFound,
  confirmed,
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
    expect(asFound(record, before)).toEqual({ to: { weights: weights(1, 0), route }, behind: undefined });
    expect(asFound(record, stateOf(own()))).toBe(record);
    expect(asFound(record, stateOf(own({ weights: weights(5, 5) })))).toBe(record);
    expect(asFound({ to: record.to }, before)).toEqual({ to: record.to });
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
