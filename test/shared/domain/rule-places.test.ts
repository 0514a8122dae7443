import { describe, expect, it } from "vitest";
import type { ListenerRule } from "../../../shared/domain/listener-rules.ts";
import {
  type Applicant,
  downwards,
  freeOf,
  logsInFirst,
  productionPlaces,
  rising,
  trialPlaces,
} from "../../../shared/domain/rule-places.ts";
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

  it("stands in the band too where nothing answers its requests yet, not even the default rule", () => {
    expect(productionPlaces(applicant(), [])).toMatchObject({ before: undefined });
    expect(first(applicant(), [rule({ priority: 7, hosts: ["other.example"] })])).toBe(35_000);
  });

  it("is no obstacle to itself: its own rules are looked past, and only their numbers are taken", () => {
    const own = kilnRule("web", { priority: 35_000, hosts: ["shop.example"] });
    const trial = kilnRule("web", { priority: 20_000, owner: { stage: "dev", service: "web", role: "trial" } });
    const places = productionPlaces(applicant(), [trial, own, byDefault]);
    expect(places).toMatchObject({ before: byDefault });
    expect(first(applicant(), [trial, own, byDefault])).toBe(35_001);
  });

  it("does not mind the trial rule of another service, which takes nobody's requests", () => {
    const adopted = rule({ priority: 100, hosts: ["shop.example"] });
    const header = { field: "http-header", values: [] };
    const trial = rule({ priority: 98, conditions: [header], owner: { stage: "dev", service: "api", role: "trial" } });
    expect(productionPlaces(applicant({ adopt: true }), [trial, adopted, byDefault])).toMatchObject({
      production: expect.arrayContaining([99, 97, 1]),
    });
    const experiment = { ...trial, owner: { stage: "dev", service: "api.blue", role: "experiment" } };
    expect(productionPlaces(applicant({ adopt: true }), [experiment, adopted, byDefault])).toMatchObject({
      production: [99],
    });
  });

  it("stands behind a rule in its band that takes some of its requests, and behind the band when that is the last in it", () => {
    const some = (priority: number) => rule({ priority, paths: ["/api/*"] });
    expect(first(applicant(), [some(34_999), byDefault])).toBe(35_000);
    expect(first(applicant(), [some(36_000), byDefault])).toBe(36_001);
    expect(productionPlaces(applicant(), [some(39_998), byDefault])).toMatchObject({ production: [39_999] });
    expect(first(applicant(), [some(39_999), byDefault])).toBe(40_000);
    const wide = kilnRule("site", { priority: 40_003, hosts: ["*.example"] });
    expect(productionPlaces(applicant(), [some(39_999), wide])).toMatchObject({ production: [40_000, 40_001, 40_002] });
  });

  it("goes right before a wider rule that stands in the band, and in the middle before one behind it", () => {
    const wide = (priority: number) => kilnRule("site", { priority, hosts: ["*.example"] });
    expect(first(applicant(), [wide(36_000), byDefault])).toBe(35_999);
    expect(first(applicant(), [wide(39_999), byDefault])).toBe(39_998);
    expect(first(applicant(), [wide(40_000), byDefault])).toBe(35_000);
    expect(first(applicant({ route: { hosts: ["shop.example"], paths: ["/x"] } }), [byDefault])).toBe(35_000);
    expect(first(applicant({ route: { hosts: [], paths: ["/x"] } }), [byDefault])).toBe(35_000);
  });

  it("goes before a wider rule of Kiln's that stands outside the band, because that one took an adopted rule's place", () => {
    const site = kilnRule("site", { priority: 99, hosts: ["*.example"] });
    expect(first(applicant(), [site, byDefault])).toBe(98);
  });

  it("is refused with the one neighbour there is when that has the first number", () => {
    const adopted = rule({ priority: 1, hosts: ["shop.example"] });
    expect(refusal(applicant({ adopt: true }), [adopted, byDefault])).toBe(
      "There is no free priority for web between rule rule-1 (priority 1, host-header shop.example).",
    );
  });

  it("is refused by name when there is no number left before the rule that it adopts", () => {
    const rules = [
      rule({ priority: 9, paths: ["/api/*"] }),
      rule({ priority: 10, hosts: ["shop.example"] }),
      byDefault,
    ];
    expect(refusal(applicant({ adopt: true }), rules)).toMatch(/between rule rule-9 \(.*\) and rule rule-10 \(/);
  });

  it("is refused when somebody's rule has the same requests and the spec does not say adopt", () => {
    const theirs = rule({ priority: 100, hosts: ["shop.example"] });
    expect(refusal(applicant(), [theirs, byDefault])).toMatch(/priority 100.*Kiln did not make it/);
  });

  it("is refused behind a wider rule of somebody's, adopt or not", () => {
    const theirs = rule({ priority: 100, hosts: ["*.example"] });
    expect(refusal(applicant(), [theirs, byDefault])).toMatch(/priority 100.*never be reached/);
    expect(refusal(applicant({ adopt: true }), [theirs, byDefault])).toMatch(/never be reached/);
    // Behind the first number of the band there is room before it.
    expect(refusal(applicant(), [{ ...theirs, priority: 30_000 }, byDefault])).toMatch(/never be reached/);
    expect(first(applicant(), [{ ...theirs, priority: 30_001 }, byDefault])).toBe(30_000);
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

describe("a rule that lets nobody pass who did not log in", () => {
  const asking = (...otherActions: string[]) => logsInFirst(rule({ otherActions }))?.problem;

  it("is one that authenticates by any of the load balancer's ways, and all of them are named", () => {
    expect(asking("authenticate-cognito")).toMatch(/log in first \(authenticate-cognito\);/);
    expect(asking("jwt-validation")).toMatch(/log in first \(jwt-validation\);/);
    expect(asking("authenticate-oidc", "redirect", "jwt-validation")).toMatch(/\(authenticate-oidc, jwt-validation\);/);
  });

  it("is none that redirects or answers by itself", () => {
    expect(asking()).toBeUndefined();
    expect(asking("redirect", "fixed-response")).toBeUndefined();
  });
});

describe("priorities", () => {
  it("rise or fall with both ends, and there is none between ends that are the wrong way round", () => {
    expect([...rising(3, 5)]).toEqual([3, 4, 5]);
    expect([...rising(3, 3)]).toEqual([3]);
    expect([...rising(3, 2)]).toEqual([]);
    expect([...downwards(5, 3)]).toEqual([5, 4, 3]);
    expect([...downwards(3, 3)]).toEqual([3]);
    expect([...downwards(2, 3)]).toEqual([]);
  });

  it("are offered when no rule has them, in their order, two hundred at most", () => {
    expect(freeOf(rising(1, 4), [rule({ priority: 2 })])).toEqual([1, 3, 4]);
    expect(freeOf(rising(1, 200), [])).toHaveLength(200);
    const many = freeOf(rising(1, 500), [rule({ priority: 2 })]);
    expect(many).toHaveLength(200);
    expect(many.at(-1)).toBe(201);
  });
});

describe("the trial rule of a candidate", () => {
  it("stands in its own band, above every production rule of Kiln's", () => {
    expect(trialPlaces(applicant(), [kilnRule("web", { priority: 35_000, hosts: ["shop.example"] })])[0]).toBe(20_000);
  });

  const own = (priority: number) => kilnRule("web", { priority, hosts: ["shop.example"] });

  it("stands in the part of its band that lies before its service's rule, and right before that where none does", () => {
    expect(trialPlaces(applicant(), [])[0]).toBe(20_000);
    expect(trialPlaces(applicant(), [own(20_003), byDefault])).toEqual([20_000, 20_001, 20_002]);
    expect(trialPlaces(applicant(), [own(20_001), byDefault])).toEqual([20_000]);
    expect(trialPlaces(applicant(), [own(20_000), byDefault])[0]).toBe(19_999);
  });

  it("takes every number before its service's rule, nearest first, and none where there is none", () => {
    expect(trialPlaces(applicant(), [own(5), byDefault])).toEqual([4, 3, 2, 1]);
    expect(trialPlaces(applicant(), [own(2), byDefault])).toEqual([1]);
    expect(trialPlaces(applicant(), [own(1), byDefault])).toEqual([]);
    const adopted = (priority: number) => rule({ priority, hosts: ["shop.example"] });
    expect(trialPlaces(applicant(), [adopted(5), byDefault])).toEqual([3, 2, 1, 4]);
    expect(trialPlaces(applicant(), [adopted(2), byDefault])).toEqual([1]);
  });

  it("stands before whatever answers first: its service's rule, or somebody's in front of it", () => {
    const adopted = rule({ priority: 100, hosts: ["shop.example"] });
    const trial = kilnRule("web", { priority: 97, owner: { stage: "dev", service: "web", role: "trial" } });
    const secret = { ...trial, conditions: [{ field: "http-header", values: [] }] };
    expect(trialPlaces(applicant(), [secret, own(99), adopted, byDefault]).slice(0, 2)).toEqual([98, 96]);
    expect(trialPlaces(applicant(), [rule({ priority: 50, hosts: ["*.example"] }), own(99)])[0]).toBe(49);
    // Another stage's rule for the same name is somebody's.
    const others = rule({ ...own(99), owner: { stage: "prod", service: "web", role: "production" } });
    expect(trialPlaces(applicant(), [others])[0]).toBe(97);
  });

  it("stands before an adopted rule, and leaves the number next to it to the production rule", () => {
    const adopted = rule({ priority: 100, hosts: ["shop.example"] });
    expect(trialPlaces(applicant(), [adopted, byDefault])[0]).toBe(98);
    const own = kilnRule("web", { priority: 99, hosts: ["shop.example"] });
    expect(trialPlaces(applicant(), [own, adopted, byDefault])[0]).toBe(98);
    expect(trialPlaces(applicant(), [rule({ priority: 1, hosts: ["shop.example"] })])).toEqual([]);
  });
});
