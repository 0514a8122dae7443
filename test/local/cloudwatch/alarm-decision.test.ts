import { describe, expect, it } from "vitest";
import { decideAlarm } from "../../../local/cloudwatch/alarm-decision.ts";
import type { MissingData } from "../../../local/cloudwatch/alarm-record.ts";

const treatments: MissingData[] = ["missing", "ignore", "breaching", "notBreaching"];

/** `0` is a value within the threshold, `X` one that breaches it, `-` none; oldest first, as in AWS's tables. */
function decide(pattern: string, datapointsToAlarm: number, treatMissing: MissingData): string {
  const values = pattern.split(" ").map((sign) => (sign === "-" ? undefined : sign === "X" ? 1 : 0));
  const breaches = (value: number) => value > 0.5;
  return decideAlarm(values, { evaluationPeriods: 3, datapointsToAlarm, treatMissing, breaches }).state;
}

// Source of both tables: "Configuring how CloudWatch alarms treat missing data".
describe("an alarm with missing data", () => {
  it.each([
    ["0 - X - X", ["OK", "OK", "OK", "OK"]],
    ["- - - - 0", ["OK", "OK", "OK", "OK"]],
    ["- - - - -", ["INSUFFICIENT_DATA", "retain", "ALARM", "OK"]],
    ["0 X X - X", ["ALARM", "ALARM", "ALARM", "ALARM"]],
    ["- - X - -", ["ALARM", "retain", "ALARM", "OK"]],
  ])("of 3 out of 3 that sees %s", (pattern, expected) => {
    expect(treatments.map((treatment) => decide(pattern, 3, treatment))).toEqual(expected);
  });

  it.each([
    ["0 - X - X", ["ALARM", "ALARM", "ALARM", "ALARM"]],
    ["0 0 X 0 X", ["ALARM", "ALARM", "ALARM", "ALARM"]],
    ["0 - X - -", ["OK", "OK", "ALARM", "OK"]],
    ["- - - - 0", ["OK", "OK", "ALARM", "OK"]],
    ["- - - X -", ["ALARM", "retain", "ALARM", "OK"]],
  ])("of 2 out of 3 that sees %s", (pattern, expected) => {
    expect(treatments.map((treatment) => decide(pattern, 2, treatment))).toEqual(expected);
  });

  it("looks no further back than it must", () => {
    expect(decide("X X 0 0 0", 2, "missing")).toBe("OK");
  });
});
