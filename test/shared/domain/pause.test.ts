import { expect, test } from "vitest";
import { pausedUntil } from "../../../shared/domain/pause.ts";

test("a paused deploy waits for five hours from its admission", () => {
  expect(pausedUntil({ createdAt: "2026-11-23T21:30:00.250Z" })).toBe("2026-11-24T02:30:00.250Z");
});
