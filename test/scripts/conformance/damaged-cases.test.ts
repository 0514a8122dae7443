import { expect, it } from "vitest";
import { digestOf, restored } from "../../../scripts/conformance/damaged-cases.ts";
import { checkPattern, type RecordedPattern } from "../../../scripts/conformance/patterns.ts";

/** As the file has it: the comment that was stripped began inside one string and ended inside the next. */
const damaged: RecordedPattern & { name: string } = {
  name: "content_anything_wildcard_list_NEG",
  pattern: { detail: { state: [{ "anything-but": { wildcard: ["*/initdir/*"] } }] } },
  event: {
    id: "1",
    source: "test-source",
    "detail-type": "test-detail-type",
    account: "123456789012",
    region: "us-east-2",
    time: "2022-07-13T13:48:01Z",
    detail: { state: "dir/init/dir" },
  },
  expect: "no-match",
};

it("judges a damaged case as it was recorded, and says so", async () => {
  expect(await checkPattern(damaged)).toBe("recorded no-match, got match");
  const { recorded, note } = restored(damaged);
  expect(recorded.pattern).toEqual({ detail: { state: [{ "anything-but": { wildcard: ["*/init/*", "*/dir/*"] } }] } });
  expect(recorded.expect).toBe("no-match");
  expect(await checkPattern(recorded)).toBeUndefined();
  expect(note).toContain("comment stripper");
});

it("judges a corrected case as it stands", () => {
  const corrected = { ...damaged, pattern: { detail: { state: [{ "anything-but": { wildcard: ["*/init/*"] } }] } } };
  expect(restored(corrected)).toEqual({ recorded: corrected });
});

it("judges a damaged pattern with another expectation as it stands", () => {
  const other = { ...damaged, expect: "match" as const };
  expect(restored(other)).toEqual({ recorded: other });
});

it("knows a case by what it says, whatever the order of its members", () => {
  expect(digestOf({ a: 1, b: [{ d: 2, c: null }] })).toBe(digestOf({ b: [{ c: null, d: 2 }], a: 1 }));
  expect(digestOf({ a: [1, 2] })).not.toBe(digestOf({ a: [2, 1] }));
});
