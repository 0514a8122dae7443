import { beforeAll, describe, expect, it } from "vitest";
import { readRecord, recordNames, recordsOf } from "../../scripts/references/records.ts";
import { type ReferenceRun, runReference } from "../../scripts/references/reference.ts";
import { references } from "../../scripts/references/references.ts";
import { packageInMemory } from "../../scripts/simulate/package-files.ts";
import { situations } from "../../scripts/simulate/scenarios.ts";
import { prepareStage, stageName } from "../../scripts/simulate/simulated-stage.ts";

const runs = new Map<string, ReferenceRun>();
let records: Map<string, string>;

beforeAll(async () => {
  const begins = await situations(await prepareStage(await packageInMemory(stageName)));
  for (const reference of references) runs.set(reference.name, await runReference(reference, begins));
  records = recordsOf(runs);
}, 240_000);

describe("a reference run", () => {
  it.each(references.map(({ name }) => name))("does what its record says, and breaks no promise: %s", (name) => {
    expect(runs.get(name)?.problems).toEqual([]);
    // When handlers are meant to do something else: npm run references, and read the difference.
    expect(records.get(name)).toBe(readRecord(name));
  });

  it("has a name of its own, and there is no record of another", () => {
    expect(records.size).toBe(references.length);
    expect(recordNames()).toEqual([...records.keys()].sort());
  });
});
