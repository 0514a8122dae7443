import { expect, test } from "vitest";
import { tellingLines } from "../../../shared/domain/console.ts";

const crash = [
  "[    2.9] systemd[1]: Started kiln.service - hello.",
  "[   25.1] hello[239]: Error: Cannot find module 'nothing'",
  "[   25.1] hello[239]: Require stack:",
  "[   25.1] hello[239]:     at Module._load (node:internal/modules/cjs/loader:1200:37)",
  "[   25.9] hello[239]: ",
  "[   25.9] hello[239]: Node.js v24.21.0",
  "[   26.0] systemd[1]: kiln.service: Main process exited, code=exited, status=1/FAILURE",
];

test("a stack trace does not push out the line that names the error", () => {
  expect(tellingLines(`${crash.join("\n")}\n`)).toBe([crash[1], crash[5], crash[6]].join("\n"));
});

test.each([
  ["[ 1] kiln: fatal: artifact 1.0.0.tar.gz is damaged"],
  ["[ 1] web[7]: panic: runtime error: index out of range"],
  ["[ 1] web[7]: ModuleNotFoundError: No module named 'flask'"],
  ["[ 1] web[7]: TypeError [ERR_INVALID_ARG_TYPE]: The path must be a string"],
])("%s is such a line", (line) => {
  expect(tellingLines([line, "a", "b", "c"].join("\n"))).toBe([line, "b", "c"].join("\n"));
});

test("without an error the last lines are quoted, once each", () => {
  expect(tellingLines("a\nb\nc\nd\n\n")).toBe("b\nc\nd");
  expect(tellingLines("a\nError: b\n")).toBe("a\nError: b");
  expect(tellingLines("")).toBe("(nothing)");
});

test("lines that say nothing are left out, whatever blanks they are made of", () => {
  expect(tellingLines("a\n  \t\n[1] web[7]:\n[1] web[7]: \n[1] web[7]:  \nb\r\n \r\n[1] web[7]:c")).toBe(
    "a\nb\r\n[1] web[7]:c",
  );
});
