import { describe, expect, it } from "vitest";
import { experimentHeader, ruleConditions } from "../../../shared/domain/rules.ts";

const host = (...Values: string[]) => ({ Field: "host-header", HostHeaderConfig: { Values } });
const path = (...Values: string[]) => ({ Field: "path-pattern", PathPatternConfig: { Values } });
const header = (value: string) => ({
  Field: "http-header",
  HttpHeaderConfig: { HttpHeaderName: experimentHeader, Values: [value] },
});

describe("the conditions of a service's rule", () => {
  it.each([
    ["every path for one that takes everything", { hosts: [], paths: [] }, [path("/*")]],
    [
      "its hosts and nothing else when it names no path",
      { hosts: ["a.example", "b.example"], paths: [] },
      [host("a.example", "b.example")],
    ],
    [
      "its paths and nothing else when it names no host",
      { hosts: [], paths: ["/api/*", "/v2"] },
      [path("/api/*", "/v2")],
    ],
    ["both when it names both", { hosts: ["a.example"], paths: ["/api/*"] }, [host("a.example"), path("/api/*")]],
    [
      "those of its service and a header when it is an experiment",
      { hosts: ["a.example"], paths: [], experiment: "blue" },
      [host("a.example"), header("blue")],
    ],
    [
      "every path and a header when its service takes everything",
      { hosts: [], paths: [], experiment: "blue" },
      [path("/*"), header("blue")],
    ],
    [
      "no header when it has a host of its own",
      { hosts: ["a.example"], paths: [], experiment: undefined },
      [host("a.example")],
    ],
  ])("are %s", (_title, route, conditions) => {
    expect(ruleConditions(route)).toEqual(conditions);
  });
});
