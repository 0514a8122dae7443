import { expect, it } from "vitest";
import { platformLimit, requireLinux } from "../../../cli/embedded/platform.ts";

it("has no limit on Linux", () => {
  expect(platformLimit("linux")).toBeUndefined();
  expect(() => requireLinux("linux")).not.toThrow();
});

it("says on macOS what cannot work, what was left and what to do", () => {
  expect(platformLimit("darwin")).toContain("on macOS instances cannot run Linux programs");
  expect(() => requireLinux("darwin")).toThrow(
    expect.objectContaining({ name: "UnsupportedSystem", exitCode: 1, left: "Nothing was done." }),
  );
});
