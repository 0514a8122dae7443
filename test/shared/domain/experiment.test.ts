import { describe, expect, it } from "vitest";
import {
  agreed,
  type Experiment,
  ending,
  experimentSpec,
  isLent,
  isLentTo,
  isToEnd,
  lending,
  returned,
  stillUsed,
} from "../../../shared/domain/experiment.ts";
import { metadataOfTerms, termsIn } from "../../../shared/domain/experiment-terms.ts";
import { emptyHead, type Head, leftovers, promoted, withdrawn } from "../../../shared/domain/head.ts";
import { experimentName, experimentOf, serviceOf, targetGroupName } from "../../../shared/domain/names.ts";
import { parseServiceSpec } from "../../../shared/domain/service-spec.ts";

const noon = "2026-01-01T12:00:00.000Z";
const nowMs = Date.parse(noon);
const tomorrow = "2026-01-02T12:00:00.000Z";
const terms: Experiment = { until: tomorrow, size: 1 };

function headWith(parts: Partial<Head>): Head {
  return { ...emptyHead("web.blue"), experiment: terms, ...parts };
}

function specWith(changes: object) {
  const parsed = parseServiceSpec({
    service: "web",
    capacity: { min: 4, max: 20, scaling: { cpuPercent: 50 } },
    healthCheck: { path: "/health" },
    ...changes,
  });
  if ("spec" in parsed) return parsed.spec;
  throw new Error(JSON.stringify(parsed.problems));
}

describe("the name of an experiment", () => {
  it("is none that a service can have, and says whose it is", () => {
    expect(experimentName({ service: "web", experiment: "blue" })).toBe("web.blue");
    expect(experimentOf("web.blue")).toEqual({ service: "web", experiment: "blue" });
    expect(experimentOf("web-blue")).toBeUndefined();
    expect([serviceOf("web.blue"), serviceOf("web")]).toEqual(["web", "web"]);
  });

  it("makes a target group's name of letters, digits and dashes, at most 32 of them", () => {
    expect(targetGroupName("web.blue-000001", "0123456789abcdef")).toBe("web-blue-000001-0123456789");
    const long = targetGroupName("a-very-long-service-name.experiment-number-1-000001", "0123456789abcdef");
    expect(long).toMatch(/^[a-z0-9-]{1,32}$/);
  });
});

describe("what is agreed about an experiment", () => {
  it("is one server for a day, unless the spec or whoever asks says otherwise", () => {
    expect(agreed({ experiment: "blue" }, undefined, {}, nowMs)).toEqual({ until: tomorrow, size: 1 });
    const spec = { experiments: { size: 2, hours: 48 } };
    expect(agreed({ experiment: "blue" }, undefined, spec, nowMs)).toMatchObject({
      until: "2026-01-03T12:00:00.000Z",
      size: 2,
    });
    const asked = { experiment: "blue", size: 3, hours: 1, host: "blue.example.com" };
    expect(agreed(asked, undefined, spec, nowMs)).toEqual({
      until: "2026-01-01T13:00:00.000Z",
      size: 3,
      host: "blue.example.com",
    });
  });

  it("stays as it was when it is replaced, and is not cut short", () => {
    const present = { until: "2026-01-09T12:00:00.000Z", size: 3, host: "blue.example.com" };
    expect(agreed({ experiment: "blue" }, present, {}, nowMs)).toEqual(present);
  });

  it("begins anew once the one before is over, but what was lent stays lent", () => {
    const lent = [{ imageDigest: "d", to: "web-000002" }];
    const over = { until: "2026-01-01T11:00:00.000Z", size: 3, host: "blue.example.com", ended: noon, lent };
    expect(agreed({ experiment: "blue" }, over, {}, nowMs)).toEqual({ until: tomorrow, size: 1, lent });
  });

  it("travels with an upload as metadata, and nonsense is told by its name", () => {
    const said = { size: 2, hours: 4, host: "blue.example.com" };
    expect(termsIn({ commit: "abc", ...metadataOfTerms(said) })).toEqual({ terms: said });
    expect(termsIn({ commit: "abc" })).toEqual({ terms: {} });
    expect(termsIn({ "experiment-size": "eleven" })).toMatchObject({ problem: expect.stringContaining("size") });
    expect(termsIn({ "experiment-hours": "337" })).toMatchObject({ problem: expect.stringContaining("hours") });
    expect(termsIn({ "experiment-host": "*.example.com" })).toMatchObject({ problem: expect.stringContaining("host") });
  });
});

describe("the spec of an experiment", () => {
  const id = { service: "web", experiment: "blue" };
  const spec = specWith({
    route: { hosts: ["www.example.com"], paths: ["/shop/*"] },
    deploy: { strategy: "canary", steps: [10], approval: {} },
    alarms: ["errors"],
    windows: [{ from: "09:00", to: "10:00" }],
  });

  it("is the service's with its own size, and nothing that guards production's traffic", () => {
    const made = experimentSpec(spec, id, { ...terms, size: 2 });
    expect(made).toMatchObject({ service: "web.blue", capacity: { min: 2, max: 2 }, alarms: [], windows: [] });
    expect(made.capacity.scaling).toBeUndefined();
    expect(made.deploy).toEqual({ strategy: "all-at-once", intervalSeconds: 60 });
    expect(made.healthCheck).toEqual(spec.healthCheck);
  });

  it("takes the service's requests that have its header, or those of its own host", () => {
    expect(experimentSpec(spec, id, terms).route).toEqual({
      hosts: ["www.example.com"],
      paths: ["/shop/*"],
      experiment: "blue",
    });
    const own = experimentSpec(spec, id, { ...terms, host: "blue.example.com" }).route;
    expect(own).toEqual({ hosts: ["blue.example.com"], paths: ["/shop/*"] });
  });
});

describe("the head of an experiment", () => {
  const live = { generation: "web.blue-000001", since: noon };

  it("has no standby: the fleet before is held by nothing once the new one serves", () => {
    const before = headWith({ live, known: ["web.blue-000001", "web.blue-000002"], kept: ["web.blue-000001"] });
    const after = promoted(before, "web.blue-000002", noon, tomorrow);
    expect(after).toMatchObject({ standby: null, kept: ["web.blue-000002"] });
    expect(leftovers(after, nowMs)).toEqual(["web.blue-000001"]);
  });

  it("is to end when its time has passed and something of it is left", () => {
    const head = headWith({ live, known: ["web.blue-000001"], kept: ["web.blue-000001"] });
    expect(isToEnd(head, nowMs)).toBe(false);
    const late = Date.parse(tomorrow);
    expect(isToEnd(head, late)).toBe(true);
    expect(isToEnd(headWith({}), late)).toBe(false);
    expect(isToEnd(emptyHead("web"), late)).toBe(false);
    const ended = withdrawn(ending(head, late), noon);
    expect(ended).toMatchObject({ live: null, standby: null, kept: [], experiment: { ended: tomorrow } });
    expect(leftovers(ended, late)).toEqual(["web.blue-000001"]);
    expect(ending(head, nowMs)).toBe(head);
  });

  it("lends the image that serves, until the removal has begun", () => {
    const head = headWith({ live, kept: ["web.blue-000001"] });
    const image = { generation: "web.blue-000001", imageDigest: "d" };
    const lent = lending(head, image, "web-000002");
    expect([isLentTo(lent, "web-000002"), isLent(lent, "d"), isLent(lent, "e")]).toEqual([true, true, false]);
    expect(lending(head, { ...image, generation: "web.blue-000002" }, "web-000002")).toBe(head);
    const over = ending(lent, Date.parse(tomorrow));
    expect(lending(over, image, "web-000003")).toBe(over);
    expect(stillUsed(lent)).toEqual(["web.blue-000001"]);
    expect(stillUsed(over)).toEqual([]);
    expect(isLent(returned(over, "web-000002"), "d")).toBe(false);
    expect(returned(head, "web-000002")).toBe(head);
  });
});
