import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { whileLocked } from "../../../cli/embedded/file-lock.ts";

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "kiln-lock-"));
  file = join(directory, "lock");
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it("lets one at a time do its work, and gives the lock back", async () => {
  const order: string[] = [];
  const work = (name: string) => async () => {
    order.push(`${name} begins`);
    await new Promise((resolve) => setImmediate(resolve));
    order.push(`${name} ends`);
  };
  await Promise.all([whileLocked(file, work("one")), whileLocked(file, work("other"))]);
  // Which of them is the first is left to the file system.
  const [first = "", , second = ""] = order.map((step) => step.split(" ")[0]);
  expect(order).toEqual([`${first} begins`, `${first} ends`, `${second} begins`, `${second} ends`]);
  expect([first, second].sort()).toEqual(["one", "other"]);
  expect(existsSync(file)).toBe(false);
});

it("gives the lock back when the work fails", async () => {
  await expect(whileLocked(file, () => Promise.reject(new Error("no disk")))).rejects.toThrow("no disk");
  expect(existsSync(file)).toBe(false);
});

it("takes over from a process that has died", async () => {
  // No process has this number: Linux ends at 4194304.
  writeFileSync(file, "4999999");
  await whileLocked(file, async () => expect(readFileSync(file, "utf8")).toBe(String(process.pid)));
});

it("is taken over by one at a time, however many wait for the one that died", async () => {
  writeFileSync(file, "4999999");
  let working = 0;
  const most: number[] = [];
  const work = async () => {
    working += 1;
    most.push(working);
    await new Promise((resolve) => setImmediate(resolve));
    working -= 1;
  };
  await Promise.all(Array.from({ length: 8 }, () => whileLocked(file, work)));
  expect(most).toEqual(Array.from({ length: 8 }, () => 1));
  expect(existsSync(`${file}.takeover`)).toBe(false);
});
