import { describe, expect, it } from "vitest";
import {
  admittedName,
  readDeployRequest,
  readRefreshRequest,
  rollbackInput,
  subjectOf,
} from "../../../shared/domain/request.ts";

function upload(key: string, detail: object = {}) {
  return {
    source: "aws.s3",
    "detail-type": "Object Created",
    time: "2026-01-01T12:00:00Z",
    detail: { bucket: { name: "artifacts" }, object: { key, "version-id": "v1" }, ...detail },
  };
}

describe("an upload", () => {
  it("is read with the exact version, and who put it from where as far as S3 says", () => {
    const read = {
      kind: "upload",
      service: "web",
      version: "1.2.0",
      bucket: "artifacts",
      key: "web/1.2.0.zip",
      versionId: "v1",
      time: "2026-01-01T12:00:00Z",
    };
    expect(readDeployRequest(upload("web/1.2.0.zip"))).toStrictEqual({ ...read, asked: { kind: "upload" } });
    const detail = { requester: "123456789012", "source-ip-address": "192.0.2.1" };
    const asked = { kind: "upload", account: "123456789012", sourceIp: "192.0.2.1" };
    expect(readDeployRequest(upload("web/1.2.0.zip", detail))).toStrictEqual({ ...read, asked });
  });

  it("of an experiment has the experiment's name for its version", () => {
    expect(readDeployRequest(upload("web/experiments/blue.zip"))).toMatchObject({
      service: "web",
      version: "blue",
      experiment: { experiment: "blue" },
    });
  });

  it("of a layer deploys nothing, and says that it is one", () => {
    expect(readDeployRequest(upload("layers/node-24.tgz"))).toEqual({
      kind: "invalid",
      what: "key",
      problem: "layers/node-24.tgz: it is the key of a layer",
    });
  });
});

describe("what a person types", () => {
  it("is kept word by word: version, reason, override, name and whom it replaces", () => {
    const typed = { service: "web", version: "1.4.2", reason: "a fix", by: "ann", override: "the shop is down" };
    expect(readDeployRequest({ ...typed, replacing: "web-000007", acceptRule: true })).toStrictEqual({
      kind: "manual",
      service: "web",
      version: "1.4.2",
      override: "the shop is down",
      replacing: "web-000007",
      acceptRule: true,
      asked: { kind: "manual", by: "ann", reason: "a fix" },
    });
  });

  it("asks for what is live once more when it says refresh, whoever says it", () => {
    const refresh = readDeployRequest({ service: "web", refresh: true, reason: "a new base", by: "ann" });
    expect(refresh).toMatchObject({ kind: "refresh", version: undefined });
    expect(refresh).toHaveProperty("asked", { kind: "refresh", reason: "a new base" });
    expect(readDeployRequest({ service: "web", refresh: false })).toMatchObject({ kind: "manual" });
    const nameless = readDeployRequest({ service: "web", reason: "a fix" });
    expect(nameless.kind !== "invalid" && nameless.asked).toStrictEqual({ kind: "manual", reason: "a fix" });
    const silent = readDeployRequest({ service: "web", refresh: true });
    expect(silent.kind !== "invalid" && silent.asked).toStrictEqual({ kind: "refresh" });
  });

  it.each([
    { promote: "blue", experiment: { name: "red" } },
    { promote: "blue", version: "1" },
    { promote: "blue", refresh: true },
  ])("cannot promote and do something else: %j", (also) => {
    expect(readDeployRequest({ service: "web", ...also })).toEqual({
      kind: "invalid",
      what: "input",
      problem: "promote deploys what serves in the experiment, so it stands alone beside service",
    });
  });

  it.each([{ version: "1" }, { refresh: true }])("cannot start an experiment and mean production too: %j", (also) => {
    expect(readDeployRequest({ service: "web", experiment: { name: "blue" }, ...also })).toEqual({
      kind: "invalid",
      what: "input",
      problem: "the version of an experiment stands in it (experiment.version)",
    });
  });

  it("starts an experiment, or promotes one, without a word about the other", () => {
    const experiment = { name: "blue", version: "2" };
    const started = readDeployRequest({ service: "web", experiment });
    expect(started).toMatchObject({ kind: "manual", experiment: { experiment: "blue", version: "2" } });
    expect(Object.keys(started)).not.toContain("promote");
    const promoted = readDeployRequest({ service: "web", promote: "blue" });
    expect(promoted).toMatchObject({ kind: "manual", promote: "blue" });
    expect(Object.keys(promoted)).not.toContain("experiment");
  });
});

describe("what resembles an event", () => {
  it.each([{ "detail-type": "Scheduled Event" }, { Records: [] }])("is refused as one: %j", (input) => {
    expect(readDeployRequest(input)).toMatchObject({
      kind: "invalid",
      what: "input",
      problem: expect.stringMatching(/^it looks like an event, but not like S3's "Object Created": source: /),
    });
  });

  it("is not everything: other input is refused as what a person typed", () => {
    for (const input of [{ detail: {} }, "Records", null]) {
      const read = readDeployRequest(input);
      expect(read).toMatchObject({ kind: "invalid", what: "input" });
      expect(read.kind === "invalid" && read.problem).not.toContain("event");
    }
  });
});

describe("the name under which a request is admitted", () => {
  it("is the service's, or the one that stands for its experiment", () => {
    expect(admittedName({ service: "web" })).toBe("web");
    expect(admittedName({ service: "web", experiment: { experiment: "blue" } })).toBe("web.blue");
  });
});

describe("what a refused request was about", () => {
  it("is read from an upload's key, whose experiment is named too", () => {
    const at = { versionId: "v1", time: "2026-01-01T12:00:00Z" };
    expect(subjectOf(upload("web/1.0.zip"))).toStrictEqual({ service: "web", key: "web/1.0.zip", ...at });
    const key = "web/experiments/blue.zip";
    expect(subjectOf(upload(key))).toStrictEqual({ service: "web", experiment: "blue", key, ...at });
    expect(subjectOf(upload("Web/1.0.zip"))).toStrictEqual({ key: "Web/1.0.zip", ...at });
  });

  it("is read from what a person typed, though other keys of it are wrong", () => {
    expect(subjectOf({ service: "web", refresh: true, colour: 1 })).toStrictEqual({ service: "web", isRefresh: true });
    expect(subjectOf({ service: "web", refresh: false })).toStrictEqual({ service: "web" });
    const experiment = { name: "blue", size: 99 };
    expect(subjectOf({ service: "web", experiment })).toStrictEqual({ service: "web", experiment: "blue" });
    expect(subjectOf({ service: "web", experiment: { name: "a.b" } })).toStrictEqual({ service: "web" });
    expect(subjectOf({ service: 3 })).toStrictEqual({});
  });
});

describe("a request to refresh", () => {
  it("is for every service, or for one that is named, for which there may be a reason", () => {
    expect(readRefreshRequest({})).toEqual({});
    expect(readRefreshRequest({ service: "web", reason: "a new base", now: true })).toEqual({
      service: "web",
      reason: "a new base",
      now: true,
    });
  });

  it("is refused with a reason for nothing in particular, and with what is no key", () => {
    expect(readRefreshRequest({ reason: "a new base" })).toEqual({
      problem: "reason: belongs to a service that is named",
    });
    expect(readRefreshRequest({ service: "Web" })).toEqual({ problem: "service: must be a service name" });
    expect(readRefreshRequest(null)).toHaveProperty("problem");
  });
});

describe("a rehearsal of a rollback", () => {
  it("has a usual share and time, and limits for both", () => {
    const read = (drill: object) => rollbackInput.safeParse({ service: "web", drill });
    expect(read({}).data?.drill).toEqual({ percent: 1, seconds: 60 });
    expect(read({ percent: 10, seconds: 600 }).success).toBe(true);
    for (const wrong of [{ percent: 0 }, { percent: 11 }, { seconds: 9 }, { seconds: 601 }, { percent: 1.5 }]) {
      expect(read(wrong).success).toBe(false);
    }
  });
});
