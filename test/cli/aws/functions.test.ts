import { describe, expect, it } from "vitest";
import { Functions } from "../../../cli/aws/functions.ts";

/** A function that answers these one after the other, the last one for ever. */
function answering(...answers: object[]) {
  const pauses: number[] = [];
  let asked = 0;
  const send = async () => {
    const answer = answers[Math.min(asked++, answers.length - 1)] ?? {};
    const failed = "errorType" in answer ? { FunctionError: "Unhandled" } : {};
    return { Payload: Buffer.from(JSON.stringify(answer)), ...failed };
  };
  const functions = new Functions({ send }, async (ms) => void pauses.push(ms));
  return { functions, pauses };
}

const throttled = { errorType: "ThrottledError", errorMessage: "RequestLimitExceeded" };

describe("a function that a command asks", () => {
  it("is asked again with growing pauses while AWS asks for patience", async () => {
    const { functions, pauses } = answering(throttled, throttled, { status: "ready" });
    expect(await functions.ask("kiln-dev-base", {})).toEqual({ status: "ready" });
    expect(pauses).toEqual([1_000, 2_000]);
  });

  it("is given up with its own words after a minute", async () => {
    const { functions, pauses } = answering(throttled);
    await expect(functions.ask("kiln-dev-base", {})).rejects.toThrow("ThrottledError: RequestLimitExceeded");
    expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBe(60_000);
  });

  it("is not asked again when it says no", async () => {
    const { functions, pauses } = answering({ errorType: "BaseRefusedError", errorMessage: "no such image" });
    await expect(functions.ask("kiln-dev-base", {})).rejects.toThrow("no such image");
    expect(pauses).toEqual([]);
  });
});
