import { describe, expect, it } from "vitest";
import type { ListenerRule } from "../../../shared/domain/listener-rules.ts";
import { type Applicant, productionPlaces, trialPlaces } from "../../../shared/domain/rule-places.ts";
import { byDefault, kilnRule, rule } from "./listener-rules.ts";

const everything = { hosts: [], paths: [] };
const shop = { hosts: ["shop.example"], paths: [] };

function applicant(changes: Partial<Applicant> = {}): Applicant {
  return { stage: "dev", service: "web", route: shop, adopt: false, ...changes };
}

function refusal(asked: Applicant, rules: ListenerRule[]): string | undefined {
  const places = productionPlaces(asked, rules);
  return "refusal" in places ? places.refusal.problem : undefined;
}

function first(asked: Applicant, rules: ListenerRule[]): number | undefined {
  const places = productionPlaces(asked, rules);
  return "refusal" in places ? undefined : places.production[0];
}

describe("the production rule of a service", () => {
  it("stands in Kiln's band, one that takes everything behind those that name hosts", () => {
    expect(first(applicant(), [byDefault])).toBe(35_000);
    expect(first(applicant({ route: everything }), [byDefault])).toBe(39_999);
  });

  it("stands before a wider rule of another service, whichever was there first", () => {
    const wide = kilnRule("site", { priority: 35_000, hosts: ["shop.example"] });
    expect(first(applicant({ route: { hosts: ["shop.example"], paths: ["/api/*"] } }), [wide, byDefault])).toBe(34_999);
    const narrow = kilnRule("api", { priority: 39_999, hosts: ["shop.example"], paths: ["/api/*"] });
    expect(first(applicant(), [narrow, byDefault])).toBe(40_000);
  });

  it("stands right before the rule that it adopts, and behind one that takes some of its requests", () => {
    const adopted = rule({ priority: 100, hosts: ["SHOP.example"] });
    expect(first(applicant({ adopt: true }), [adopted, byDefault])).toBe(99);
    const api = rule({ priority: 98, paths: ["/api/*"] });
    const places = productionPlaces(applicant({ adopt: true }), [api, adopted, byDefault]);
    expect(places).toMatchObject({ production: [99], before: adopted });
    const other = rule({ priority: 99, hosts: ["other.example"] });
    expect(first(applicant({ adopt: true }), [rule({ priority: 50, paths: ["/x"] }), other, adopted])).toBe(98);
  });

  it("is refused by name when there is no number left before the rule that it adopts", () => {
    const rules = [
      rule({ priority: 9, paths: ["/api/*"] }),
      rule({ priority: 10, hosts: ["shop.example"] }),
      byDefault,
    ];
    expect(refusal(applicant({ adopt: true }), rules)).toMatch(/no free priority.*priority 9.*priority 10/);
  });

  it("is refused when somebody's rule has the same requests and the spec does not say adopt", () => {
    const theirs = rule({ priority: 100, hosts: ["shop.example"] });
    expect(refusal(applicant(), [theirs, byDefault])).toMatch(/priority 100.*Kiln did not make it/);
  });

  it("is refused behind a wider rule of somebody's, adopt or not", () => {
    const theirs = rule({ priority: 100, hosts: ["*.example"] });
    expect(refusal(applicant(), [theirs, byDefault])).toMatch(/priority 100.*never be reached/);
    expect(refusal(applicant({ adopt: true }), [theirs, byDefault])).toMatch(/never be reached/);
    // A rule that also asks for something else lets requests pass by.
    const narrower = rule({
      ...theirs,
      conditions: [...theirs.conditions, { field: "source-ip", values: ["10.0.0.0/8"] }],
    });
    expect(refusal(applicant(), [narrower, byDefault])).toBeUndefined();
  });

  it("is refused when another service of Kiln's, of whichever stage, has the same requests", () => {
    const owner = { stage: "prod", service: "web", role: "production" };
    const taken = rule({ priority: 35_000, hosts: ["shop.example"], owner });
    expect(refusal(applicant(), [taken, byDefault])).toMatch(/service web in stage prod/);
  });

  it("is refused in place of a rule that asks clients to log in, or keeps them by stickiness", () => {
    const theirs = { priority: 100, hosts: ["shop.example"] };
    const login = rule({ ...theirs, otherActions: ["authenticate-oidc"] });
    expect(refusal(applicant({ adopt: true }), [login, byDefault])).toMatch(/log in first \(authenticate-oidc\)/);
    expect(refusal(applicant({ adopt: true }), [rule({ ...theirs, sticky: true })])).toMatch(/stickiness/);
    expect(refusal(applicant({ route: everything }), [{ ...byDefault, sticky: true }])).toMatch(/stickiness/);
    // Carved out of a wider rule, the service has requests of its own.
    expect(refusal(applicant(), [{ ...byDefault, sticky: true }])).toBeUndefined();
  });
});

describe("the trial rule of a candidate", () => {
  it("stands in its own band, above every production rule of Kiln's", () => {
    expect(trialPlaces(applicant(), [kilnRule("web", { priority: 35_000, hosts: ["shop.example"] })])[0]).toBe(20_000);
  });

  it("stands before an adopted rule, and leaves the number next to it to the production rule", () => {
    const adopted = rule({ priority: 100, hosts: ["shop.example"] });
    expect(trialPlaces(applicant(), [adopted, byDefault])[0]).toBe(98);
    const own = kilnRule("web", { priority: 99, hosts: ["shop.example"] });
    expect(trialPlaces(applicant(), [own, adopted, byDefault])[0]).toBe(98);
    expect(trialPlaces(applicant(), [rule({ priority: 1, hosts: ["shop.example"] })])).toEqual([]);
  });
});
