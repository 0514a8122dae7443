import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { VirtualClock } from "../../../local/core/clock.ts";
import { invoke, machine, startCloud, types } from "./cloud.ts";

let stateDirectory: string;
beforeEach(() => {
  stateDirectory = mkdtempSync(join(tmpdir(), "kiln-states-"));
});
afterEach(() => rmSync(stateDirectory, { recursive: true, force: true }));

describe("a killed cloud", () => {
  it("ends a wait at the instant it was due, with the variables of before", async () => {
    const first = await startCloud({ stateDirectory });
    const executionArn = await first.start(
      machine({
        Set: { Type: "Pass", Assign: { kept: "{% $states.input.a %}" }, Next: "W" },
        W: { Type: "Wait", Seconds: 100, Next: "Read" },
        Read: { Type: "Pass", Output: "{% $kept %}", End: true },
      }),
      { a: 5 },
    );
    await first.clock.advance(40_000);
    // Nothing is closed or written here: what counts is what was written before.
    const second = await startCloud({ stateDirectory, clock: new VirtualClock(first.clock.now()) });
    await second.clock.advance(59_000);
    expect(await second.describe(executionArn)).toMatchObject({ status: "RUNNING" });
    await second.clock.advance(1_000);
    expect(await second.describe(executionArn)).toMatchObject({ status: "SUCCEEDED", output: "5" });
  });

  it("makes an interrupted task's request again and takes only the new answer", async () => {
    let lateAnswer: (value: unknown) => void = () => {};
    const first = await startCloud({
      stateDirectory,
      functions: {
        f: () =>
          new Promise((resolve) => {
            lateAnswer = resolve;
          }),
      },
    });
    const executionArn = await first.start(machine({ F: invoke("f") }), { a: 1 });
    await first.clock.advance(1000);
    const second = await startCloud({
      stateDirectory,
      clock: new VirtualClock(first.clock.now()),
      functions: { f: () => "again" },
    });
    expect(await second.finish(executionArn)).toMatchObject({ status: "SUCCEEDED", output: '"again"' });
    expect(second.invocations).toEqual([{ functionName: "f", payload: { a: 1 } }]);
    expect(types(await second.history(executionArn)).filter((type) => type === "TaskStarted")).toHaveLength(1);
    lateAnswer("from before");
    await second.clock.advance(1000);
    expect(await second.describe(executionArn)).toMatchObject({ output: '"again"' });
  });

  it("goes on with the iterations of a Map where they were", async () => {
    const each = machine({
      Each: {
        Type: "Map",
        MaxConcurrency: 1,
        ItemProcessor: machine({
          W: { Type: "Wait", Seconds: 10, Next: "P" },
          P: { Type: "Pass", Output: "{% $states.input * 2 %}", End: true },
        }),
        End: true,
      },
    });
    let clock = new VirtualClock();
    let cloud = await startCloud({ stateDirectory, clock });
    const executionArn = await cloud.start(each, [1, 2, 3]);
    for (let kill = 0; kill < 6; kill++) {
      await cloud.clock.advance(4_900);
      clock = new VirtualClock(cloud.clock.now());
      cloud = await startCloud({ stateDirectory, clock });
    }
    expect(await cloud.finish(executionArn)).toMatchObject({ status: "SUCCEEDED", output: "[2,4,6]" });
    const events = await cloud.history(executionArn);
    expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => index + 1));
    expect(types(events).filter((type) => type === "MapIterationSucceeded")).toHaveLength(3);
  });
});

describe("the same seed", () => {
  it("gives the same history", async () => {
    const once = async () => {
      const cloud = await startCloud({ functions: { f: (payload) => payload } });
      const { executionArn } = await cloud.run(
        machine({
          R: { Type: "Pass", Output: { r: "{% $random() %}", u: "{% $uuid() %}", at: "{% $now() %}" }, Next: "F" },
          F: invoke("f"),
        }),
      );
      return JSON.stringify(await cloud.history(executionArn));
    };
    expect(await once()).toBe(await once());
  });
});
