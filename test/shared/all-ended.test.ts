import { expect, it } from "vitest";
import { allEnded } from "../../shared/all-ended.ts";

it("fails only once everything has ended, with what the first in the list failed with", async () => {
  const ended: string[] = [];
  let release = () => {};
  const slow = new Promise<void>((resolve) => {
    release = resolve;
  }).then(() => ended.push("slow"));
  const all = allEnded<unknown>([Promise.reject(new Error("first")), slow, Promise.reject(new Error("second"))]);
  const told = all.catch((error: Error) => ended.push(error.message));
  await Promise.resolve();
  expect(ended).toEqual([]);
  release();
  await told;
  expect(ended).toEqual(["slow", "first"]);
});

it("gives what each came to, in the order of the list", async () => {
  expect(await allEnded([Promise.resolve(1), Promise.resolve(2)])).toEqual([1, 2]);
});
