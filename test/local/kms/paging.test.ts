import { expect, test } from "vitest";
import { page } from "../../../local/kms/paging.ts";

test("every entry of a list is on one page, and the last page says that it is the last", () => {
  const all = ["a", "b", "c"];
  const first = page(all, { Limit: 2 });
  expect(first).toEqual({ entries: ["a", "b"], more: { Truncated: true, NextMarker: "2" } });
  expect(page(all, { Limit: 2, Marker: "2" })).toEqual({ entries: ["c"], more: { Truncated: false } });
  expect(page(all, {}).entries).toEqual(all);
});

test("a marker that the list never gave is refused", () => {
  expect(() => page(["a"], { Marker: "elsewhere" })).toThrow(
    expect.objectContaining({ code: "InvalidMarkerException" }),
  );
  expect(() => page(["a"], { Marker: "7" })).toThrow(expect.objectContaining({ code: "InvalidMarkerException" }));
});
