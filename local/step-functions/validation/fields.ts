import type { State } from "../language/definition.ts";

type StateType = State["Type"];

const everywhere = ["Type", "Comment", "QueryLanguage"];
const moving = ["Next", "End", "Assign", "Output"];

/** The fields each state type may have when its query language is JSONata. Source: states-language.net/spec.html. */
export const jsonataFields: Readonly<Record<StateType, readonly string[]>> = {
  Pass: [...everywhere, ...moving],
  Succeed: [...everywhere, "Output"],
  Fail: [...everywhere, "Error", "Cause"],
  Choice: [...everywhere, "Choices", "Default", "Assign", "Output"],
  Wait: [...everywhere, ...moving, "Seconds", "Timestamp"],
  Task: [
    ...everywhere,
    ...moving,
    "Resource",
    "Arguments",
    "TimeoutSeconds",
    "HeartbeatSeconds",
    "Credentials",
    "Retry",
    "Catch",
  ],
  Parallel: [...everywhere, ...moving, "Branches", "Arguments", "Retry", "Catch"],
  Map: [
    ...everywhere,
    ...moving,
    "ItemProcessor",
    "Items",
    "ItemSelector",
    "ItemReader",
    "ItemBatcher",
    "ResultWriter",
    "Label",
    "MaxConcurrency",
    "ToleratedFailureCount",
    "ToleratedFailurePercentage",
    "Retry",
    "Catch",
  ],
};

/** Fields that exist in JSONPath mode only; AWS refuses them in a JSONata state with a sentence of their own. */
export const jsonPathOnlyFields: ReadonlySet<string> = new Set([
  "InputPath",
  "OutputPath",
  "ResultPath",
  "ResultSelector",
  "Parameters",
  "Result",
  "ItemsPath",
  "Iterator",
  "MaxConcurrencyPath",
  "ToleratedFailureCountPath",
  "ToleratedFailurePercentagePath",
  "SecondsPath",
  "TimestampPath",
  "TimeoutSecondsPath",
  "HeartbeatSecondsPath",
  "ErrorPath",
  "CausePath",
]);

/** Fields that exist in JSONata mode only. */
export const jsonataOnlyFields: ReadonlySet<string> = new Set(["Arguments", "Output", "Items"]);

/** What a state of each type cannot do without. */
export const requiredFields: Readonly<Record<StateType, readonly string[]>> = {
  Pass: [],
  Succeed: [],
  Fail: [],
  Choice: ["Choices"],
  Wait: [],
  Task: ["Resource"],
  Parallel: ["Branches"],
  Map: [],
};

export const machineFields: readonly string[] = [
  "Comment",
  "StartAt",
  "States",
  "Version",
  "TimeoutSeconds",
  "QueryLanguage",
];
