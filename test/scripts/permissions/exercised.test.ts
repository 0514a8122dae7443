import { expect, test } from "vitest";
import { VirtualClock } from "../../../local/core/clock.ts";
import type { Caller } from "../../../local/core/kernel.ts";
import { Kernel } from "../../../local/core/kernel.ts";
import { settingsWith } from "../../../local/core/settings.ts";
import { Exercised } from "../../../scripts/permissions/exercised.ts";

const role = (name: string): Caller => ({ kind: "role", name, arn: name, accountId: "1" });

test("what a role did counts for the patterns that allow it, and what it was refused is named", () => {
  const kernel = new Kernel(settingsWith(), new VirtualClock());
  kernel.judge = (_caller, { action }) => (action === "s3:PutObject" ? "because nothing allows it" : undefined);
  const exercised = new Exercised();
  exercised.watch(kernel);

  kernel.judge(role("reader"), { action: "s3:GetObject", resource: "arn:aws:s3:::bucket/a" });
  expect(kernel.judge(role("reader"), { action: "s3:PutObject", resource: "arn:aws:s3:::bucket/a" })).toBeDefined();
  kernel.judge({ ...role("person"), kind: "user" }, { action: "s3:PutObject", resource: "x" });

  expect(exercised.has("reader", "s3:GetObject", ["arn:aws:s3:::bucket/*"])).toBe(true);
  expect(exercised.has("reader", "s3:GetObject", ["arn:aws:s3:::other/*", "arn:aws:s3:::bucket"])).toBe(false);
  expect(exercised.has("writer", "s3:GetObject", ["*"])).toBe(false);
  expect(exercised.has("reader", "s3:PutObject", ["*"])).toBe(false);
  expect(exercised.refused()).toEqual([
    { role: "reader", action: "s3:PutObject", resource: "arn:aws:s3:::bucket/a", why: "because nothing allows it" },
  ]);
});
