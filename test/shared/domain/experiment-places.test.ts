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

  it("may not have a host that some rule names already", () => {
    const asked = applicant({ hosts: ["SHOP.example"], paths: [] });
    expect(refusal(asked, [production, byDefault])).toMatch(/priority 35000.*takes requests that web.blue asks for/);
    expect(first(byHost, [production, byDefault])).toBe(25_000);
  });

  it("does not stand before a rule that asks clients to log in", () => {
    const closed = kilnRule("web", { priority: 35_000, hosts: ["shop.example"], otherActions: ["authenticate-oidc"] });
    expect(refusal(byHeader, [closed, byDefault])).toMatch(/log in first/);
  });

  it("is refused with the limit when it has no room for its header", () => {
    const route = { hosts: ["a.example", "b.example", "c.example"], paths: ["/a", "/b"], experiment: "blue" };
    expect(refusal(applicant(route), [byDefault])).toMatch(/takes 5 condition values.*would have 6/);
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
