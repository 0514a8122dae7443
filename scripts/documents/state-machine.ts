import { parse } from "yaml";
import { readProjectFile } from "./document.ts";

/** Retry or Catch of a state. */
export interface ErrorRule {
  ErrorEquals: string[];
  Next?: string;
  MaxAttempts?: number;
}

/** A state of the Amazon States Language, as far as the documents tell of it. */
export interface State {
  Type: string;
  Comment?: string;
  Next?: string;
  End?: boolean;
  Default?: string;
  Seconds?: number | string;
  /** Computed where it stands in the spec. */
  TimeoutSeconds?: number | string;
  Resource?: string;
  Choices?: { Condition: string; Next: string }[];
  Retry?: ErrorRule[];
  Catch?: ErrorRule[];
  Arguments?: { FunctionName?: { "Fn::GetAtt": [string, string] } };
  /** Of a Map: the expression that gives the items, and what each goes through. */
  Items?: string;
  ItemProcessor?: StateMachine;
}

export interface StateMachine {
  Comment?: string;
  StartAt: string;
  TimeoutSeconds?: number;
  States: Record<string, State>;
}

/** The state machines, in the order a newcomer should read them. */
export const machineNames = ["deploy", "rollback", "sweep", "refresh"] as const;

export type MachineName = (typeof machineNames)[number];

export function machinePath(name: MachineName): string {
  return `statemachines/${name}.asl.yaml`;
}

export function readMachine(name: MachineName): StateMachine {
  return parse(readProjectFile(machinePath(name)));
}

/** Every state with its name, those inside a Map after the Map itself. */
export function allStates(machine: StateMachine): [name: string, state: State][] {
  return Object.entries(machine.States).flatMap(([name, state]): [string, State][] => [
    [name, state],
    ...(state.ItemProcessor ? allStates(state.ItemProcessor) : []),
  ]);
}
