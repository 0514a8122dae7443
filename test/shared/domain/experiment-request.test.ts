import { describe, expect, it } from "vitest";
import { admittedName, readDeployRequest, subjectOf } from "../../../shared/domain/request.ts";

function upload(key: string) {
  return {
    source: "aws.s3",
    "detail-type": "Object Created",
    time: "2026-01-01T12:00:00Z",
    detail: { bucket: { name: "artifacts" }, object: { key, "version-id": "v1" } },
  };
}

describe("a request for an experiment", () => {
  it("is an upload below the service's experiments, under a name of its own", () => {
    const request = readDeployRequest(upload("web/experiments/blue.zip"));
    expect(request).toMatchObject({ kind: "upload", service: "web", experiment: { experiment: "blue" } });
    expect(request.kind !== "invalid" && admittedName(request)).toBe("web.blue");
    expect(subjectOf(upload("web/experiments/blue.zip"))).toMatchObject({ service: "web", experiment: "blue" });
  });

  it("is refused by the rule of its name when that is none", () => {
    const request = readDeployRequest(upload("web/experiments/Blue_1.zip"));
    expect(request).toMatchObject({ kind: "invalid", what: "key" });
    expect(request.kind === "invalid" && request.problem).toContain('"Blue_1" is no experiment name');
  });

  it("is typed by a person with size, time and host, each within its limits", () => {
    const experiment = { name: "blue", version: "1.4.2", size: 2, hours: 4, host: "blue.example.com" };
    expect(readDeployRequest({ service: "web", experiment })).toMatchObject({
      kind: "manual",
      experiment: { experiment: "blue", version: "1.4.2", size: 2, hours: 4, host: "blue.example.com" },
    });
    for (const wrong of [{ size: 11 }, { hours: 337 }, { host: "*.example.com" }, { name: "a.b" }, { sizes: 1 }]) {
      expect(readDeployRequest({ service: "web", experiment: { name: "blue", ...wrong } })).toMatchObject({
        kind: "invalid",
      });
    }
  });

  it("is a promotion that stands alone", () => {
    const promotion = readDeployRequest({ service: "web", promote: "blue", reason: "people like it" });
    expect(promotion).toMatchObject({ kind: "manual", promote: "blue" });
    expect(promotion.kind !== "invalid" && admittedName(promotion)).toBe("web");
    expect(readDeployRequest({ service: "web", promote: "blue", version: "1" })).toMatchObject({
      kind: "invalid",
      problem: expect.stringContaining("stands alone"),
    });
    expect(readDeployRequest({ service: "web", version: "1", experiment: { name: "blue" } })).toMatchObject({
      kind: "invalid",
      problem: expect.stringContaining("experiment.version"),
    });
  });
});
