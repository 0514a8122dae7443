import { describe, expect, it } from "vitest";
import {
  answering,
  defaultPriority,
  inOrder,
  namedRule,
  type RuleCondition,
  takesAll,
  takesSame,
  takesSome,
} from "../../../shared/domain/listener-rules.ts";
import type { Route } from "../../../shared/domain/rules.ts";
import { byDefault, rule } from "./listener-rules.ts";

const everything: Route = { hosts: [], paths: [] };
const route = (hosts: string[], paths: string[] = [], experiment?: string): Route => ({ hosts, paths, experiment });
const hosts = (...values: string[]): RuleCondition => ({ field: "host-header", values });
const paths = (...values: string[]): RuleCondition => ({ field: "path-pattern", values });
const header = (...values: string[]): RuleCondition => ({ field: "http-header", values });
const addresses: RuleCondition = { field: "source-ip", values: ["10.0.0.0/8"] };

const shop = route(["shop.example"]);
const shopApi = route(["shop.example"], ["/api/*"]);
const blue = route(["shop.example"], [], "blue");

/** What a rule takes of a route's requests: every one, and nothing else; every one, and more; a part; none. */
function taken(conditions: RuleCondition[], of: Route): "same" | "all" | "some" | "none" {
  const one = rule({ conditions });
  if (takesSame(one, of)) return takesAll(one, of) && takesSome(one, of) ? "same" : "none";
  if (takesAll(one, of)) return takesSome(one, of) ? "all" : "none";
  return takesSome(one, of) ? "some" : "none";
}

describe("of a route's requests", () => {
  it.each<[string, RuleCondition[], Route, ReturnType<typeof taken>]>([
    ["a rule without conditions takes all, which is everything", [], everything, "same"],
    ["a rule without conditions takes all and more", [], shop, "all"],
    ["a rule for every path takes everything", [paths("/*")], everything, "same"],
    ["a rule for every host takes everything", [hosts("*")], everything, "same"],
    ["a rule with the host takes the very same", [hosts("shop.example")], shop, "same"],
    ["a rule with the host and every path takes the very same", [hosts("shop.example"), paths("/*")], shop, "same"],
    ["a rule with another host takes none", [hosts("other.example")], shop, "none"],
    ["a rule with a wider host takes all and more", [hosts("*.example")], shop, "all"],
    ["a rule with a host takes a part of everything", [hosts("shop.example")], everything, "some"],
    ["a rule with a path takes a part of everything", [paths("/api/*")], everything, "some"],
    ["a rule with the host and one path takes a part", [hosts("shop.example"), paths("/api/*")], shop, "some"],
    ["a rule with the host takes all of one path, and more", [hosts("shop.example")], shopApi, "all"],
    ["a rule with the path alone takes all of it, and more", [paths("/api/*")], shopApi, "all"],
    ["a rule with host and another path takes none", [hosts("shop.example"), paths("/web/*")], shopApi, "none"],
    ["a rule with one host of two takes a part", [hosts("a.example")], route(["a.example", "b.example"]), "some"],
    [
      "a rule with both hosts takes the very same",
      [hosts("b.example", "a.example")],
      route(["a.example", "b.example"]),
      "same",
    ],
    [
      "a rule with a host more takes all and more",
      [hosts("a.example", "b.example", "c.example")],
      route(["a.example", "b.example"]),
      "all",
    ],
    ["hosts are the same in any case", [hosts("SHOP.example")], route(["shop.EXAMPLE"]), "same"],
    ["paths are not", [paths("/API/*")], route([], ["/api/*"]), "none"],
    ["a rule with a condition nobody reads takes a part", [hosts("shop.example"), addresses], shop, "some"],
    ["a rule with the experiment's header takes the very same", [hosts("shop.example"), header("blue")], blue, "same"],
    ["a rule with another's header takes none", [hosts("shop.example"), header("red")], blue, "none"],
    ["a rule without the header takes all and more", [hosts("shop.example")], blue, "all"],
    ["a rule with a header takes a part of the service's", [hosts("shop.example"), header("blue")], shop, "some"],
    ["a rule with two headers' values takes all and more", [hosts("shop.example"), header("red", "blue")], blue, "all"],
    ["a rule with a header that nobody reads takes a part", [header()], shop, "some"],
  ])("%s", (_title, conditions, of, expected) => {
    expect(taken(conditions, of)).toBe(expected);
  });
});

describe("among rules", () => {
  const wide = rule({ priority: 200, hosts: ["*.example"] });
  const narrow = rule({ priority: 100, hosts: ["shop.example"] });
  const part = rule({ priority: 50, paths: ["/api/*"] });

  it("the first that takes all of a route's requests answers them, wherever it is in the list", () => {
    expect(answering([byDefault, wide, narrow, part], shop)).toBe(narrow);
    expect(answering([byDefault, wide, part], shop)).toBe(wide);
    expect(answering([byDefault, part], shop)).toBe(byDefault);
    expect(answering([part], shop)).toBeUndefined();
  });

  it("the order is that of their priorities, and the list that was given stays as it is", () => {
    const given = [byDefault, narrow, wide, part];
    expect(inOrder(given)).toEqual([part, narrow, wide, byDefault]);
    expect(given).toEqual([byDefault, narrow, wide, part]);
  });
});

describe("a rule is told", () => {
  it("by its place and what it says", () => {
    const conditions = [hosts("a.example", "b.example"), paths("/api/*")];
    expect(namedRule(rule({ arn: "arn:one", priority: 7, conditions }))).toBe(
      "rule arn:one (priority 7, host-header a.example or b.example, path-pattern /api/*)",
    );
  });

  it("without blanks for a condition whose values nobody reads", () => {
    expect(namedRule(rule({ arn: "arn:one", priority: 7, conditions: [header()] }))).toBe(
      "rule arn:one (priority 7, http-header)",
    );
  });

  it("with whose it is when Kiln made it", () => {
    const owner = { stage: "prod", service: "web", role: "production" };
    expect(namedRule(rule({ arn: "arn:one", priority: 7, hosts: ["a.example"], owner }))).toBe(
      "rule arn:one (priority 7, host-header a.example, of service web in stage prod)",
    );
  });

  it("as the default rule when it is that, whose priority is behind every other's", () => {
    expect(namedRule(byDefault)).toBe("the default rule");
    expect(defaultPriority).toBeGreaterThan(50_000);
    expect(namedRule(rule({ arn: "arn:last", priority: 50_000, hosts: ["a.example"] }))).toMatch(/^rule arn:last /);
  });
});
