import type { Json } from "./json.ts";

/** A field that may hold a JSONata expression (`{% … %}`) in place of a literal. */
export type Expressible<T> = T | string;

export interface Retrier {
  ErrorEquals: string[];
  IntervalSeconds?: number;
  MaxAttempts?: number;
  BackoffRate?: number;
  MaxDelaySeconds?: number;
  JitterStrategy?: "FULL" | "NONE";
}

export interface Catcher {
  ErrorEquals: string[];
  Next: string;
  Assign?: Record<string, Json>;
  Output?: Json;
}

export interface ChoiceRule {
  Condition: Expressible<boolean>;
  Next: string;
  Assign?: Record<string, Json>;
  Output?: Json;
}

interface StateCommon {
  QueryLanguage?: "JSONata" | "JSONPath";
  Comment?: string;
  Next?: string;
  End?: boolean;
  Assign?: Record<string, Json>;
  Output?: Json;
}

interface Recoverable {
  Retry?: Retrier[];
  Catch?: Catcher[];
}

export interface PassState extends StateCommon {
  Type: "Pass";
  /** In JSONPath mode only. */
  Parameters?: Json;
  /** In JSONPath mode only. */
  Result?: Json;
}
export interface SucceedState extends StateCommon {
  Type: "Succeed";
}
export interface FailState extends StateCommon {
  Type: "Fail";
  Error?: string;
  Cause?: string;
}
export interface ChoiceState extends StateCommon {
  Type: "Choice";
  Choices: ChoiceRule[];
  Default?: string;
}
export interface WaitState extends StateCommon {
  Type: "Wait";
  Seconds?: Expressible<number>;
  Timestamp?: string;
}
export interface TaskState extends StateCommon, Recoverable {
  Type: "Task";
  Resource: string;
  Arguments?: Json;
  /** In JSONPath mode only. */
  Parameters?: Json;
  Credentials?: Json;
  TimeoutSeconds?: Expressible<number>;
  HeartbeatSeconds?: Expressible<number>;
}
export interface ParallelState extends StateCommon, Recoverable {
  Type: "Parallel";
  Branches: StateContainer[];
  Arguments?: Json;
}
export interface MapState extends StateCommon, Recoverable {
  Type: "Map";
  ItemProcessor: StateContainer & { ProcessorConfig?: { Mode?: string } };
  Items?: Expressible<Json[]>;
  ItemSelector?: Json;
  MaxConcurrency?: Expressible<number>;
  ToleratedFailureCount?: Expressible<number>;
  ToleratedFailurePercentage?: Expressible<number>;
}

export type State =
  | PassState
  | SucceedState
  | FailState
  | ChoiceState
  | WaitState
  | TaskState
  | ParallelState
  | MapState;

/** Something with states of its own: the machine, a branch of a Parallel, the processor of a Map. */
export interface StateContainer {
  StartAt: string;
  States: Record<string, State>;
}

/** A definition that passed validation; nothing else is run. */
export interface Definition extends StateContainer {
  QueryLanguage?: "JSONata" | "JSONPath";
  Comment?: string;
  Version?: string;
  TimeoutSeconds?: number;
}

/** Where a container stands in the definition: from the machine, the states (and branch indexes) that lead to it. */
export type ContainerPath = readonly (string | number)[];

/**
 * The container at `path`: `[]` is the machine, `["M"]` the processor of Map `M`, `["P", 1]` the second branch of Parallel `P`.
 * @throws {Error} When the path does not exist, which validation and the interpreter rule out.
 */
export function containerAt(definition: Definition, path: ContainerPath): StateContainer {
  let container: StateContainer = definition;
  for (let depth = 0; depth < path.length; depth++) {
    const state = container.States[String(path[depth])];
    if (state?.Type === "Map") container = state.ItemProcessor;
    else if (state?.Type === "Parallel") {
      depth += 1;
      const branch = state.Branches[Number(path[depth])];
      if (!branch) throw new Error(`no branch at ${path.join("/")}`);
      container = branch;
    } else throw new Error(`no container at ${path.join("/")}`);
  }
  return container;
}
