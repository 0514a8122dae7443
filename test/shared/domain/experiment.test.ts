import { describe, expect, it } from "vitest";
import {
  agreed,
  type Experiment,
  ending,
  experimentLimits,
  experimentSpec,
  isLent,
  isLentTo,
  isOver,
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

  it("may be shortened by who says so, and lasts as long as it would anew where that is longer", () => {
    const present = { until: "2026-01-09T12:00:00.000Z", size: 3 };
    expect(agreed({ experiment: "blue", hours: 2 }, present, {}, nowMs).until).toBe("2026-01-01T14:00:00.000Z");
    const short = { until: "2026-01-01T13:00:00.000Z", size: 3 };
    expect(agreed({ experiment: "blue" }, short, {}, nowMs).until).toBe(tomorrow);
    expect(agreed({ experiment: "blue" }, short, { experiments: { hours: 48 } }, nowMs).until).toBe(
      "2026-01-03T12:00:00.000Z",
    );
  });

  it("keeps its size and host against the spec's, and gives both up to who asks for others", () => {
    const present = { until: tomorrow, size: 3, host: "blue.example.com" };
    const spec = { experiments: { size: 2 } };
    expect(agreed({ experiment: "blue" }, present, spec, nowMs)).toStrictEqual(present);
    const asked = { experiment: "blue", size: 5, host: "new.example.com" };
    expect(agreed(asked, present, spec, nowMs)).toStrictEqual({ until: tomorrow, size: 5, host: "new.example.com" });
    expect(agreed({ experiment: "blue" }, undefined, { experiments: {} }, nowMs)).toStrictEqual({
      until: tomorrow,
      size: 1,
    });
  });

  it("is over from the moment its time has passed, and once its removal has begun", () => {
    expect(isOver({ until: noon, size: 1 }, nowMs - 1)).toBe(false);
    expect(isOver({ until: noon, size: 1 }, nowMs)).toBe(true);
    expect(isOver({ until: tomorrow, size: 1, ended: noon }, nowMs)).toBe(true);
    const ended = { until: tomorrow, size: 3, host: "blue.example.com", ended: noon };
    expect(agreed({ experiment: "blue" }, ended, {}, nowMs)).toStrictEqual({ until: tomorrow, size: 1 });
  });

  it("begins anew once the one before is over, but what was lent stays lent", () => {
    const lent = [{ imageDigest: "d", to: "web-000002" }];
    const over = { until: "2026-01-01T11:00:00.000Z", size: 3, host: "blue.example.com", ended: noon, lent };
    expect(agreed({ experiment: "blue" }, over, {}, nowMs)).toEqual({ until: tomorrow, size: 1, lent });
  });

  it("travels with an upload as metadata, and nonsense is told by its name", () => {
    const said = { size: 2, hours: 4, host: "blue.example.com" };
    expect(termsIn({ commit: "abc", ...metadataOfTerms(said) })).toEqual({ terms: said });
    expect(termsIn({ commit: "abc" })).toStrictEqual({ terms: {} });
    expect(termsIn({ "experiment-size": "eleven" })).toMatchObject({ problem: expect.stringContaining("size") });
    expect(termsIn({ "experiment-hours": "337" })).toMatchObject({ problem: expect.stringContaining("hours") });
    expect(termsIn({ "experiment-host": "*.example.com" })).toMatchObject({ problem: expect.stringContaining("host") });
  });
});

describe("the metadata of an upload", () => {
  it("has only the terms that were said, as text", () => {
    expect(metadataOfTerms({})).toStrictEqual({});
    expect(metadataOfTerms({ size: 2, hours: 4, host: "blue.example.com" })).toStrictEqual({
      "experiment-size": "2",
      "experiment-hours": "4",
      "experiment-host": "blue.example.com",
    });
    expect(metadataOfTerms({ hours: 4 })).toStrictEqual({ "experiment-hours": "4" });
  });

  const { size, hours } = experimentLimits;
  it.each<[string, string, boolean]>([
    ["experiment-size", `${size.least}`, true],
    ["experiment-size", `${size.least - 1}`, false],
    ["experiment-size", `${size.most}`, true],
    ["experiment-size", `${size.most + 1}`, false],
    ["experiment-size", "1.5", false],
    ["experiment-size", "", false],
    ["experiment-hours", `${hours.least}`, true],
    ["experiment-hours", `${hours.least - 1}`, false],
    ["experiment-hours", `${hours.most}`, true],
    ["experiment-hours", `${hours.most + 1}`, false],
    ["experiment-host", "a.b", true],
    ["experiment-host", "a-1.b-2.example", true],
    ["experiment-host", "localhost", false],
    ["experiment-host", ".example.com", false],
    ["experiment-host", "a..b", false],
    ["experiment-host", "a.b.", false],
    ["experiment-host", "Blue.example.com", false],
    ["experiment-host", "a.b/c", false],
    ["experiment-host", `${"a".repeat(126)}.b`, true],
    ["experiment-host", `${"a".repeat(127)}.b`, false],
  ])("%s=%s is acceptable: %s", (name, value, isGood) => {
    expect("terms" in termsIn({ [name]: value })).toBe(isGood);
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

  it("may be smaller than the service, takes over no rule, and is observed for ten seconds at most", () => {
    const adopting = specWith({
      adopt: true,
      observeSeconds: 300,
      deploy: { strategy: "all-at-once", intervalSeconds: 30 },
    });
    expect(experimentSpec(adopting, id, terms)).toMatchObject({
      allowShrink: true,
      adopt: false,
      observeSeconds: 10,
      deploy: { strategy: "all-at-once", intervalSeconds: 30 },
    });
    expect(experimentSpec(specWith({ observeSeconds: 4 }), id, terms).observeSeconds).toBe(4);
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

  it("is to end as long as a fleet of it serves, is begun, or is known", () => {
    const late = Date.parse(tomorrow);
    const pending = { execution: "arn:deploy", generation: "web.blue-000002" };
    expect(isToEnd(headWith({ live }), late)).toBe(true);
    expect(isToEnd(headWith({ pending }), late)).toBe(true);
    expect(isToEnd(headWith({ known: ["web.blue-000001"] }), late)).toBe(true);
    expect(isToEnd(headWith({ kept: ["web.blue-000001"] }), late)).toBe(false);
    const abort = { by: "arn:rollback", at: noon };
    const over = ending(headWith({ live, pending, abort }), late);
    expect(over).toMatchObject({ pending: null, abort: null, live, experiment: { ended: tomorrow } });
    // Whoever comes later leaves the time at which it began.
    expect(ending(over, late + 5_000).experiment?.ended).toBe(tomorrow);
    const service = emptyHead("web");
    expect(ending(service, late)).toBe(service);
  });

  it("lends to several releases, to each once, and gets each back by itself", () => {
    const head = headWith({ live });
    const image = { generation: "web.blue-000001", imageDigest: "d" };
    const first = lending(head, image, "web-000002");
    const both = lending(first, { ...image, imageDigest: "e" }, "web-000003");
    expect(both.experiment?.lent).toEqual([
      { imageDigest: "d", to: "web-000002" },
      { imageDigest: "e", to: "web-000003" },
    ]);
    expect(lending(both, { ...image, imageDigest: "f" }, "web-000002").experiment?.lent).toEqual([
      { imageDigest: "e", to: "web-000003" },
      { imageDigest: "f", to: "web-000002" },
    ]);
    expect(returned(both, "web-000002").experiment).toEqual({
      ...terms,
      lent: [{ imageDigest: "e", to: "web-000003" }],
    });
    expect([isLentTo(both, "web-000004"), isLentTo(head, "web-000002"), isLent(head, "d")]).toEqual([
      false,
      false,
      false,
    ]);
  });

  it("lends nothing that does not serve, and a service's head lends nothing at all", () => {
    const image = { generation: "web.blue-000001", imageDigest: "d" };
    const idle = headWith({});
    expect(lending(idle, image, "web-000002")).toBe(idle);
    const service = { ...emptyHead("web"), live };
    expect(lending(service, image, "web-000002")).toBe(service);
    expect(returned(service, "web-000002")).toBe(service);
    expect([isLentTo(service, "web-000002"), isLent(service, "d")]).toEqual([false, false]);
  });

  it("uses the images of what is kept, serves, or is begun, each named once", () => {
    const pending = { execution: "arn:deploy", generation: "web.blue-000003" };
    const kept = ["web.blue-000001", "web.blue-000002"];
    expect(stillUsed(headWith({ live, pending, kept }))).toEqual([...kept, "web.blue-000003"]);
    expect(stillUsed(headWith({ live }))).toEqual(["web.blue-000001"]);
    expect(stillUsed(headWith({}))).toEqual([]);
    expect(stillUsed({ ...emptyHead("web"), live, kept: ["web-000001"] })).toEqual([]);
  });
});
