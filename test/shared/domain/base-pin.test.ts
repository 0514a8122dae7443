import { expect, test } from "vitest";
import { type BasePin, withBasePin } from "../../../shared/domain/base-pin.ts";
import { emptyHead } from "../../../shared/domain/head.ts";

const head = emptyHead("web");
const pin: BasePin = { imageId: "ami-1", by: "ann", at: "2026-11-23T12:00:00Z", reason: "CVE in the kernel" };
const later = { by: "bob", at: "2026-11-24T12:00:00Z" };

test("a service is held on a base, and released, and nothing else of its head changes", () => {
  const held = withBasePin(head, pin);
  expect(held).toEqual({ ...head, basePin: pin });
  expect(withBasePin(held, null)).toEqual({ ...head, basePin: null });
});

test("a service that is not held stays as it is when it is released", () => {
  expect(withBasePin(head, null)).toBe(head);
  const released = { ...head, basePin: null };
  expect(withBasePin(released, null)).toBe(released);
});

test("an equal pin keeps its maker and time; another base or another reason takes its place", () => {
  const held = withBasePin(head, pin);
  expect(withBasePin(held, { ...pin, ...later })).toBe(held);
  for (const change of [{ imageId: "ami-2" }, { reason: "a driver" }]) {
    const next = { ...pin, ...later, ...change };
    expect(withBasePin(held, next).basePin).toEqual(next);
  }
});
