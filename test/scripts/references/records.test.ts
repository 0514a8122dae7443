import { describe, expect, it } from "vitest";
import { readable } from "../../../scripts/references/call-text.ts";
import { changesIn } from "../../../scripts/references/changes.ts";
import { recordsOf, repeatsCounted } from "../../../scripts/references/records.ts";
import { StableText } from "../../../scripts/references/stable-text.ts";

describe("a record", () => {
  const run = (...lines: string[]) => ({ problems: [], lines });
  const long = `  ec2:CreateTags {"Tags":"${"x".repeat(100)}"}`;

  it("tells a long line that an earlier record has by that record's name, and a short one in full", () => {
    const records = recordsOf(
      new Map([
        ["first", run("deploy-1 launch", long, "  read s3 1")],
        ["second", run("deploy-1 bake", "  read s3 1", long)],
      ]),
    );
    expect(records.get("first")).toContain(`ec2:CreateTags {Tags:"${"x".repeat(100)}"}`);
    expect(records.get("second")).toBe("deploy-1 bake\n  read s3 1\n  ec2:CreateTags as in first\n");
  });

  it("is another one when the input of a call is", () => {
    const first = run("deploy-1 launch", long);
    const second = run("deploy-1 launch", long.replace("xx", "xy"));
    const texts = [first, second].map((one) => recordsOf(new Map([["one", one]])).get("one"));
    expect(texts[0]).not.toBe(texts[1]);
  });

  it("counts what is repeated with everything below it, and nothing else", () => {
    expect(repeatsCounted(["a", "  b", "a", "  b", "a", "  c", "a"])).toEqual([
      "a",
      "  b",
      "  2 times",
      "a",
      "  c",
      "a",
    ]);
  });
});

describe("the text of a call", () => {
  it("tells tags as one object, bytes by their name, and what a boot script is told", () => {
    const UserData = Buffer.from("#!/bin/bash\nKILN_PORT='8080'\necho\n").toString("base64");
    const Tags = [{ Key: "kiln:stage", Value: "dev" }];
    expect(readable({ Tags, UserData, Payload: new Uint8Array(2), Left: undefined, Empty: [] })).toEqual({
      Tags: { "kiln:stage": "dev" },
      UserData: ["KILN_PORT='8080'"],
      Payload: "bytes",
      Empty: [],
    });
  });
});

describe("the changes of a document", () => {
  it("are its members that are other than before, those that went as null", () => {
    const before = { same: 1, inner: { a: 1, b: 2 }, gone: true, list: [1] };
    expect(changesIn(before, { same: 1, inner: { a: 1, b: 3 }, list: [1, 2], fresh: "x" })).toEqual({
      inner: { b: 3 },
      gone: null,
      list: [1, 2],
      fresh: "x",
    });
    expect(changesIn(undefined, { a: 1 })).toEqual({ a: 1 });
  });
});

describe("a stable text", () => {
  it("calls what was drawn by its order, the same each time, and tells moments from the beginning", () => {
    const text = new StableText(Date.parse("2026-01-01T00:00:00Z"));
    expect(text.of("i-0123456789abcdef0 ami-00000000 i-00000000000000001")).toBe("i-1 ami-1 i-2");
    expect(text.of("i-00000000000000001 at 2026-01-01T00:01:30.500Z")).toBe("i-2 at +90s");
    expect(text.of("2025-12-31T23:59:59Z")).toBe("-1s");
    const arn =
      "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web-000001-4d6a7c5292/0123456789abcdef";
    expect(text.of(arn)).toBe("targetgroup/web-000001");
  });
});
