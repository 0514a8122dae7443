import { expect, test } from "vitest";
import { paintFor } from "../../../cli/terminal/colour.ts";
import { LiveLines } from "../../../cli/terminal/live-lines.ts";

test("colours appear only on a terminal, and never against the will of whoever reads", () => {
  expect(paintFor({ isTTY: true }, {})("bad", "x")).toBe("\u001b[31mx\u001b[0m");
  expect(paintFor({ isTTY: false }, {})("bad", "x")).toBe("x");
  expect(paintFor({ isTTY: true }, { NO_COLOR: "1" })("bad", "x")).toBe("x");
  expect(paintFor({ isTTY: true }, { NO_COLOR: "" })("bad", "x")).not.toBe("x");
  expect(paintFor({ isTTY: true }, { TERM: "dumb" })("bad", "x")).toBe("x");
});

function shown(screen: { isTTY?: boolean; columns?: number; rows?: number }, pictures: string[][]): string[] {
  const written: string[] = [];
  const live = new LiveLines({ ...screen, write: (text) => written.push(text) });
  for (const picture of pictures) live.show(picture);
  return written;
}

test("on a terminal a picture takes the place of the one before", () => {
  expect(shown({ isTTY: true }, [["a", "b"], ["c"]])).toEqual(["a\nb\n", "\u001b[2A\u001b[0Jc\n"]);
});

test("elsewhere a picture is written when it changes, without control characters", () => {
  expect(shown({}, [["a"], ["a"], ["b"]])).toEqual(["a\n", "b\n"]);
});

test("a terminal that does not know its size is taken for an ordinary one", () => {
  expect(shown({ isTTY: true, columns: 0, rows: 0 }, [["x".repeat(60), "b"]])).toEqual([`${"x".repeat(60)}\nb\n`]);
});

test("a picture never outgrows the terminal, which could not be gone back over", () => {
  const [text = ""] = shown({ isTTY: true, columns: 30, rows: 3 }, [["x".repeat(80), "b", "c", "d"]]);
  expect(text.split("\n").filter((line) => line !== "")).toEqual([`${"x".repeat(28)}…`, "b"]);
});
