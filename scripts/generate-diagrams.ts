import {
  code,
  type GeneratedDocument,
  markdownTable,
  readProjectFile,
  withSection,
  writeDocuments,
} from "./documents/document.ts";
import { machineDiagram } from "./documents/machine-diagram.ts";
import {
  allStates,
  type MachineName,
  machineNames,
  machinePath,
  readMachine,
  type State,
} from "./documents/state-machine.ts";

/** README's picture of deploy, and all four machines with what each of their states is for. */
export function diagramDocuments(): GeneratedDocument[] {
  const readme = withSection(readProjectFile("README.md"), "deploy diagram", machineDiagram(readMachine("deploy")));
  const path = "docs/state-machines.md";
  const machines = machineNames.map(machineSection).join("\n\n");
  return [
    { path: "README.md", text: readme },
    { path, text: withSection(readProjectFile(path), "state machines", machines) },
  ];
}

function machineSection(name: MachineName): string {
  const machine = readMachine(name);
  const rows = allStates(machine).map(([state, definition]) => [
    code(state),
    kindOf(definition),
    definition.Comment ?? "",
  ]);
  return [
    `## ${name}`,
    machine.Comment ?? "",
    `Definition: [${machinePath(name)}](../${machinePath(name)}). It ends by itself after ${machine.TimeoutSeconds} seconds.`,
    machineDiagram(machine),
    markdownTable(["State", "Kind", "What it is for"], rows),
  ].join("\n\n");
}

function kindOf({ Type, Arguments, TimeoutSeconds }: State): string {
  if (Type !== "Task") return Type;
  const handler = Arguments?.FunctionName?.["Fn::GetAtt"][0];
  return `Task${handler === undefined ? "" : ` ${code(handler)}`}, ${typeof TimeoutSeconds === "string" ? "as long as the spec says" : `${TimeoutSeconds} s at most`}`;
}

if (import.meta.main) writeDocuments(diagramDocuments());
