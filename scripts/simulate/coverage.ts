import type { RevisionDocument } from "../../local/step-functions/api/machine-documents.ts";
import type { Catcher, Retrier } from "../../local/step-functions/language/definition.ts";
import { errorMatches } from "../../local/step-functions/language/state-error.ts";
import type { EventDocument, ExecutionDocument } from "../../local/step-functions/machine/documents.ts";
import { type FaultKind, faultKinds, type HandlerCall } from "./faults.ts";
import type { SimulatedStage } from "./simulated-stage.ts";

/** What a run reached, as a worker tells it. */
export interface Reached {
  /** Cells of the machines, and of faults that struck. */
  covered: string[];
  /** Calls that handlers made, each once, such as `settle s3:PutObject`: there any kind of fault could have struck. */
  calls: string[];
}

/** A state as far as coverage is concerned. */
interface StateText {
  Type: string;
  Retry?: Retrier[];
  Catch?: Catcher[];
  ItemProcessor?: { States: Record<string, StateText> };
  Branches?: { States: Record<string, StateText> }[];
}

/** Kiln's own machines, each cell named after the one it is of. */
const machineName = /kiln-[^-]+-(deploy|rollback|sweep|refresh)$/;

/**
 * What there is to be covered: every state (`state deploy Admit`), and every way that a state deals with an error
 * (`catch deploy Admit 0`, `retry deploy Admit 1`).
 */
export function machineCells(stage: SimulatedStage): string[] {
  return [...definitions(stage)].flatMap(([machine, states]) =>
    [...states].flatMap(([name, { Retry = [], Catch = [] }]) => [
      `state ${machine} ${name}`,
      ...Retry.map((_, index) => `retry ${machine} ${name} ${index}`),
      ...Catch.map((_, index) => `catch ${machine} ${name} ${index}`),
    ]),
  );
}

/** What the executions of a run have covered of that. */
function coveredCells(stage: SimulatedStage): string[] {
  const machines = new Map(definitions(stage));
  const covered = new Set<string>();
  for (const execution of stage.executions("")) {
    const machine = machineName.exec(execution.stateMachineName)?.[1];
    const states = machine === undefined ? undefined : machines.get(machine);
    if (machine !== undefined && states) readHistory(stage, execution, machine, states, covered);
  }
  return [...covered];
}

/** What one run has reached of the machines, and of what can be struck. */
export function reachedIn(stage: SimulatedStage): Reached {
  const { calls, struck } = stage.cloud.faults;
  const faults = struck.map(({ call, kind }) => faultCell(labelOf(call), kind));
  return { covered: [...coveredCells(stage), ...new Set(faults)], calls: [...new Set(calls.map(labelOf))] };
}

function labelOf({ handler, service, operation }: HandlerCall): string {
  return `${handler} ${service}:${operation}`;
}

/** Each call that was made with each kind of fault: what there is to strike, such as `fault settle s3:PutObject crash`. */
export function faultCells(calls: Iterable<string>): string[] {
  return [...calls].flatMap((call) => faultKinds.map((kind) => faultCell(call, kind)));
}

function faultCell(call: string, kind: FaultKind): string {
  return `fault ${call} ${kind}`;
}

function readHistory(
  stage: SimulatedStage,
  execution: ExecutionDocument,
  machine: string,
  states: ReadonlyMap<string, StateText>,
  covered: Set<string>,
): void {
  const events = stage.cloud.kernel.store
    .collection<EventDocument>("states.events")
    .list(execution.arn)
    .sort((a, b) => a.id - b.id);
  const byId = new Map(events.map((event) => [event.id, event]));
  const stateOf = new Map<number, string>();
  for (const event of events) {
    const entered = event.type.endsWith("StateEntered") ? String(event.details?.["name"]) : undefined;
    const name = entered ?? stateOf.get(event.previousEventId) ?? "";
    stateOf.set(event.id, name);
    if (entered !== undefined) covered.add(`state ${machine} ${entered}`);
    const failed = stateOf.get(event.previousEventId) === name && byId.get(event.previousEventId);
    if (!failed || !/(Failed|TimedOut)$/.test(failed.type)) continue;
    const dealt = dealtWith(states.get(name), failed, event);
    if (dealt !== undefined) covered.add(`${dealt.way} ${machine} ${name} ${dealt.index}`);
  }
}

/** What became of a failure: the state goes out by a catcher, or its task is planned again. */
function dealtWith(
  state: StateText | undefined,
  { type, details }: EventDocument,
  next: EventDocument,
): { way: "catch" | "retry"; index: number } | undefined {
  const way = next.type.endsWith("StateExited") ? "catch" : next.type.endsWith("Scheduled") ? "retry" : undefined;
  if (!state || way === undefined) return undefined;
  const error = type.endsWith("TimedOut") ? "States.Timeout" : String(details?.["error"] ?? "");
  const rules = (way === "catch" ? state.Catch : state.Retry) ?? [];
  const index = rules.findIndex(({ ErrorEquals }) => errorMatches(ErrorEquals, { error }));
  return index < 0 ? undefined : { way, index };
}

function definitions(stage: SimulatedStage): Map<string, Map<string, StateText>> {
  const found = new Map<string, Map<string, StateText>>();
  for (const { machineArn, definition } of stage.cloud.kernel.store
    .collection<RevisionDocument>("states.revisions")
    .list()) {
    const machine = machineName.exec(machineArn)?.[1];
    if (machine !== undefined) found.set(machine, statesOf(definition));
  }
  return found;
}

/** Every run of a process has the same definitions. */
const parsed = new Map<string, Map<string, StateText>>();

function statesOf(definition: string): Map<string, StateText> {
  let states = parsed.get(definition);
  if (!states) {
    states = statesIn(JSON.parse(definition));
    parsed.set(definition, states);
  }
  return states;
}

function statesIn({ States }: { States: Record<string, StateText> }): Map<string, StateText> {
  const found = new Map<string, StateText>();
  for (const [name, state] of Object.entries(States)) {
    found.set(name, state);
    for (const inner of [state.ItemProcessor, ...(state.Branches ?? [])]) {
      for (const [innerName, innerState] of inner ? statesIn(inner) : []) found.set(innerName, innerState);
    }
  }
  return found;
}
