import { describe, expect, it } from "vitest";
import { experimentPlaces } from "../../../shared/domain/experiment-places.ts";
import type { ListenerRule } from "../../../shared/domain/listener-rules.ts";
import { type Applicant, productionPlaces, trialPlaces } from "../../../shared/domain/rule-places.ts";
import { byDefault, kilnRule, rule } from "./listener-rules.ts";

const shop = { hosts: ["shop.example"], paths: [] };

function applicant(route: Applicant["route"]): Applicant {
  return { stage: "dev", service: "web.blue", route, adopt: false };
}

const byHeader = applicant({ ...shop, experiment: "blue" });
const byHost = applicant({ hosts: ["blue.example"], paths: [] });
const production = kilnRule("web", { priority: 35_000, hosts: ["shop.example"] });

function experimentRule(name: string, priority: number, hosts = ["shop.example"]): ListenerRule {
  const header = { field: "http-header", values: [name] };
  const conditions = [{ field: "host-header", values: hosts }, header];
  return rule({ priority, conditions, owner: { stage: "dev", service: `web.${name}`, role: "experiment" } });
}

function first(asked: Applicant, rules: ListenerRule[]): number | undefined {
  const places = experimentPlaces(asked, rules);
  return "refusal" in places ? undefined : places.production[0];
}

function refusal(asked: Applicant, rules: ListenerRule[]): string | undefined {
  const places = experimentPlaces(asked, rules);
  return "refusal" in places ? places.refusal.problem : undefined;
}

describe("the rule of an experiment", () => {
  it("stands in its own band, behind every trial rule and before production", () => {
    expect(first(byHeader, [production, byDefault])).toBe(25_000);
    expect(first(byHeader, [experimentRule("red", 25_000), production, byDefault])).toBe(25_001);
    expect(trialPlaces(byHeader, [production, byDefault])[0]).toBe(20_000);
    expect(trialPlaces(byHost, [experimentRule("blue", 25_000, ["blue.example"]), production])[0]).toBe(20_000);
  });

  it("stands before a production rule that took the place of an adopted one, and leaves the number before an adopted one", () => {
    const adopted = rule({ priority: 10, hosts: ["shop.example"] });
    const own = kilnRule("web", { priority: 9, hosts: ["shop.example"] });
    expect(first(byHeader, [own, adopted, byDefault])).toBe(8);
    expect(first(byHeader, [adopted, byDefault])).toBe(8);
  });

  it("stands in its band where nothing answers its requests yet", () => {
    expect(experimentPlaces(byHeader, [])).toMatchObject({ before: undefined });
    expect(first(byHeader, [])).toBe(25_000);
  });

  it("is no obstacle to itself: its own rule is looked past, and only its number is taken", () => {
    const own = experimentRule("blue", 25_000);
    expect(experimentPlaces(byHeader, [own, production, byDefault])).toMatchObject({ before: production });
    expect(first(byHeader, [own, production, byDefault])).toBe(25_001);
    const ownHost = rule({ ...own, conditions: [{ field: "host-header", values: ["blue.example"] }] });
    expect(first(byHost, [ownHost, production, byDefault])).toBe(25_001);
  });

  it("goes into the part of its band before the rule that answers, and below the band where there is none", () => {
    const at = (priority: number) => kilnRule("web", { priority, hosts: ["shop.example"] });
    const places = (priority: number) => experimentPlaces(byHeader, [at(priority), byDefault]);
    expect(places(25_003)).toMatchObject({ production: [25_000, 25_001, 25_002] });
    expect(places(25_001)).toMatchObject({ production: [25_000] });
    expect(first(byHeader, [at(25_000), byDefault])).toBe(24_999);
    expect(places(4)).toMatchObject({ production: [3, 2, 1] });
    const somebodys = rule({ priority: 4, hosts: ["shop.example"] });
    expect(experimentPlaces(byHeader, [somebodys, byDefault])).toMatchObject({ production: [2, 1] });
  });

  it("does not leave its band upwards, however late the rule that answers stands", () => {
    const taken = Array.from({ length: 4_999 }, (_, index) =>
      rule({ priority: 25_000 + index, hosts: ["other.example"] }),
    );
    expect(experimentPlaces(byHeader, [...taken, byDefault])).toMatchObject({ production: [29_999] });
    expect(experimentPlaces(byHeader, taken)).toMatchObject({ production: [29_999] });
    const all = [...taken, rule({ priority: 29_999, hosts: ["other.example"] })];
    expect(refusal(byHeader, all)).toBe("There is no free priority for web.blue before the listener's rules.");
  });

  it("is refused by the name of the rule before which there is no number left", () => {
    const adopted = kilnRule("web", { priority: 1, hosts: ["shop.example"] });
    expect(refusal(byHeader, [adopted, byDefault])).toBe(
      "There is no free priority for web.blue before rule rule-1 (priority 1, host-header shop.example, of service web in stage dev).",
    );
  });

  it("may not ask for what another experiment's rule takes already", () => {
    const other = {
      ...experimentRule("blue", 25_000),
      owner: { stage: "prod", service: "web.blue", role: "experiment" },
    };
    expect(refusal(byHeader, [other, production, byDefault])).toMatch(
      /priority 25000.*takes requests that web.blue asks/,
    );
  });

  it("may not have a host that some rule names already", () => {
    const asked = applicant({ hosts: ["SHOP.example"], paths: [] });
    expect(refusal(asked, [production, byDefault])).toMatch(/priority 35000.*takes requests that web.blue asks for/);
    expect(first(byHost, [production, byDefault])).toBe(25_000);
  });

  it("by its header may share the host with its service; by a host it shares no rule that names it, beside others too", () => {
    const both = rule({ priority: 7, hosts: ["other.example", "BLUE.example"], paths: ["/api/*"] });
    expect(refusal(byHost, [both, byDefault])).toMatch(/priority 7.*takes requests/);
    const asked = applicant({ hosts: ["new.example", "blue.example"], paths: [] });
    expect(refusal(asked, [both, byDefault])).toMatch(/priority 7.*takes requests/);
    const byPath = rule({ priority: 7, conditions: [{ field: "path-pattern", values: ["blue.example"] }] });
    expect(first(byHost, [byPath, byDefault])).toBe(25_000);
    expect(first(byHeader, [rule({ ...both, hosts: ["shop.example"], paths: ["/api/*"] }), byDefault])).toBe(25_000);
  });

  it("does not stand before a rule that asks clients to log in", () => {
    const closed = kilnRule("web", { priority: 35_000, hosts: ["shop.example"], otherActions: ["authenticate-oidc"] });
    expect(refusal(byHeader, [closed, byDefault])).toMatch(/log in first/);
    expect(experimentPlaces(byHeader, [closed, byDefault])).toMatchObject({
      refusal: { fix: "Try it on a listener, or under a host name, that asks nobody to log in." },
    });
  });

  it("is refused with the limit when it has no room for its header", () => {
    const route = { hosts: ["a.example", "b.example", "c.example"], paths: ["/a", "/b"], experiment: "blue" };
    expect(refusal(applicant(route), [byDefault])).toMatch(/takes 5 condition values.*would have 6/);
    expect(first(applicant({ ...route, hosts: ["a.example", "b.example"] }), [byDefault])).toBe(25_000);
    expect(first(applicant({ ...route, experiment: undefined }), [byDefault])).toBe(25_000);
    const six = { hosts: ["a.example", "b.example", "c.example", "d.example"], paths: ["/a", "/b"] };
    expect(refusal(applicant(six), [byDefault])).toMatch(/would have 6/);
  });

  it("keeps a service from asking for its host later, and else does not matter to one", () => {
    const service: Applicant = { stage: "dev", service: "api", route: byHost.route, adopt: false };
    const taken = rule({
      priority: 25_000,
      hosts: ["blue.example"],
      owner: { stage: "dev", service: "web.blue", role: "experiment" },
    });
    const places = productionPlaces(service, [taken, byDefault]);
    expect("refusal" in places && places.refusal.problem).toMatch(/takes the very requests that api asks for/);
    const other = productionPlaces({ ...service, service: "web", route: shop }, [
      experimentRule("blue", 25_000),
      byDefault,
    ]);
    expect("refusal" in other ? other.refusal.problem : other.production[0]).toBe(35_000);
  });
});
