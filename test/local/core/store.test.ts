import { expect, it } from "vitest";
import { Store } from "../../../local/core/store.ts";

it("lists the documents of a prefix in the order of their keys, whatever came and went in between", () => {
  const things = new Store().collection<number>("test.things");
  for (const [value, key] of ["b/2", "a/1", "c", "b/1", "b"].entries()) things.put(key, value);
  expect(things.keys("b/")).toEqual(["b/1", "b/2"]);
  things.put("b/10", 7);
  things.delete("b/2");
  things.put("b/1", 8);
  expect(things.keys("b/")).toEqual(["b/1", "b/10"]);
  expect(things.list("b/")).toEqual([8, 7]);
  expect(things.keys()).toEqual(["a/1", "b", "b/1", "b/10", "c"]);
  expect(things.keys("d")).toEqual([]);
});
