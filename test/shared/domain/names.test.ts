import { describe, expect, it } from "vitest";
import {
  baseImageName,
  builderProfileName,
  clientToken,
  experimentOf,
  experimentPattern,
  fleetName,
  generationName,
  goldenName,
  imageName,
  ordinalOf,
  ownedBaseName,
  serviceOf,
  servicePattern,
  stagePattern,
  tagKeys,
  targetGroupName,
  templateName,
} from "../../../shared/domain/names.ts";

describe("names on AWS", () => {
  it("follow from stage, service and generation alone", () => {
    expect(generationName("web", 42)).toBe("web-000042");
    expect(generationName("web", 1_234_567)).toBe("web-1234567");
    expect(fleetName("dev", "web-000042")).toBe("kiln-dev-web-000042");
    expect(templateName("dev", "web")).toBe("kiln-dev-web");
    expect(imageName("dev", "web", "abc")).toBe("kiln/dev/web/abc");
    expect(ownedBaseName("dev", "ami-1")).toBe("kiln/dev/base/ami-1");
    expect(goldenName("dev", "abc")).toBe("kiln/dev/golden/abc");
    expect(builderProfileName("dev")).toBe("kiln-dev-builder");
  });

  it("are those of the golden build where the base has one", () => {
    expect(baseImageName("dev", { imageId: "ami-1" })).toBe("kiln/dev/base/ami-1");
    expect(baseImageName("dev", { imageId: "ami-1", golden: { digest: "abc" } })).toBe("kiln/dev/golden/abc");
  });

  it("keep within the 32 characters of a target group, and readable at both ends", () => {
    const digest = "0123456789abcdef";
    expect(targetGroupName("web-000042", digest)).toBe("web-000042-0123456789");
    expect(targetGroupName("web.blue-000042", digest)).toBe("web-blue-000042-0123456789");
    expect(targetGroupName("fourteen-chars-000042", digest)).toBe("fourteen-chars-000042-0123456789");
    expect(targetGroupName("fifteen-characs-000042", digest)).toBe("fifteen-chara-000042-0123456789");
  });

  it("keep a client token within 64 characters", () => {
    expect(clientToken("template", "abc")).toBe("template-abc");
    expect(clientToken("template", "f".repeat(64))).toBe(`template-${"f".repeat(55)}`);
  });

  it("carry tags that the roles' policies name", () => {
    expect(Object.values(tagKeys)).toEqual([
      "kiln:stage",
      "kiln:service",
      "kiln:generation",
      "kiln:role",
      "kiln:image",
      "kiln:keep",
      "kiln:touched",
      "kiln:golden",
    ]);
  });
});

describe("the ordinal of a generation", () => {
  it("is read from generations of the service and from nothing else", () => {
    expect(ordinalOf("web", "web-000042")).toBe(42);
    expect(ordinalOf("web", "web-1234567")).toBe(1_234_567);
    for (const other of ["web-00042", "web-x000042", "web-000042x", "api-000042", "web000042", "web", ""]) {
      expect(ordinalOf("web", other), other).toBeUndefined();
    }
  });
});

describe("an experiment's name", () => {
  it("tells its service", () => {
    expect(experimentOf("web.blue")).toEqual({ service: "web", experiment: "blue" });
    expect(experimentOf("web")).toBeUndefined();
    expect([serviceOf("web.blue"), serviceOf("web")]).toEqual(["web", "web"]);
  });
});

describe("what people may call things", () => {
  it.each<[string, RegExp, string[], string[]]>([
    [
      "a stage",
      stagePattern,
      ["d", "dev", "dev-2", "abcdefghijkl"],
      ["", "2dev", "Dev", "abcdefghijklm", "dev.", ".dev"],
    ],
    [
      "a service",
      servicePattern,
      ["ab", "web-2", "abcdefghijklmnopqrstuvwx"],
      ["a", "web-", "-web", "2web", "Web", "abcdefghijklmnopqrstuvwxy", "we.b", "web!", "!web"],
    ],
    [
      "an experiment",
      experimentPattern,
      ["a", "2", "new-2", "abcdefghijklmnopqrst"],
      ["", "-a", "a-", "A", "abcdefghijklmnopqrstu", "a.b", "a!", "!a"],
    ],
  ])("is limited: %s", (_, pattern, good, bad) => {
    expect(good.filter((name) => !pattern.test(name))).toEqual([]);
    expect(bad.filter((name) => pattern.test(name))).toEqual([]);
  });
});
