import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { packageInMemory } from "../../../scripts/simulate/package-files.ts";
import { type Scenario, type Situation, scenarios, situations } from "../../../scripts/simulate/scenarios.ts";
import { openStage, type PreparedStage, prepareStage, stageName } from "../../../scripts/simulate/simulated-stage.ts";
import { clientEnvironment, pythonBin, runPython } from "../support/python-program.ts";
import { type Recording, recordingOf } from "./recording.ts";

/** What moto's engine made of a recording. */
interface Replay extends Pick<Recording, "states" | "status" | "output" | "error" | "cause"> {
  /** Calls that the machine made there and never here, and the other way round. */
  unanswered: unknown[];
  unasked: unknown[];
}

/** Beside the simulation's own scenarios: how machines end when they are asked for what they do not do. */
const further: readonly Pick<Scenario, "name" | "begins" | "act" | "end">[] = [
  {
    name: "same-bytes-again",
    begins: "one release",
    act: async (stage) => (await stage.deploy("web", "1")).arn,
    end: "Skipped",
  },
  {
    name: "input-not-understood",
    begins: "nothing",
    act: async (stage) => (await stage.run("Deploy", { servise: "web" })).arn,
    end: "FailedClean",
  },
  {
    name: "nowhere-to-roll-back-to",
    begins: "one release",
    act: async (stage) => (await stage.run("Rollback", { service: "web", to: "web-000099" })).arn,
    end: "FailedClean",
  },
];

let begins: Record<Situation, PreparedStage>;

beforeAll(async () => {
  pythonBin();
  begins = await situations(await prepareStage(await packageInMemory(stageName)));
});

async function replay(recording: Recording): Promise<Replay> {
  const evaluator = join(import.meta.dirname, "evaluate.mjs");
  const given = JSON.stringify({ node: process.execPath, evaluator, ...recording });
  const program = join(import.meta.dirname, "replay.py");
  // moto answers in the same process; an endpoint would send its clients elsewhere.
  const { AWS_ENDPOINT_URL: _, ...environment } = clientEnvironment("");
  return JSON.parse(await runPython([program], environment, given)) as Replay;
}

describe("moto's Step Functions engine, with the handlers' answers replayed", () => {
  it.each([...scenarios, ...further])(
    "goes through $name state by state as the embedded cloud does",
    async (scenario) => {
      // Recorded in the simulation: the packaged machines with the production handlers.
      const stage = await openStage(1, begins[scenario.begins]);
      const recording = await recordingOf(stage, await scenario.act(stage));
      expect(recording.states.at(-1)).toBe(scenario.end);

      const { unanswered, unasked, ...went } = await replay(recording);
      expect(went.states).toEqual(recording.states);
      const { status, output, error, cause } = recording;
      expect(went).toEqual({ states: went.states, status, output, error: error ?? null, cause: cause ?? null });
      // Every argument was computed alike: the handlers were asked the very same things.
      expect({ unanswered, unasked }).toEqual({ unanswered: [], unasked: [] });
    },
  );
});
