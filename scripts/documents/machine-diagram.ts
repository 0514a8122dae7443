import { type Edge, type FoldedMachine, foldMachine } from "./folded-machine.ts";
import type { State, StateMachine } from "./state-machine.ts";

/** From so many states with the same way out on failure, a frame around them is easier to read than an arrow from each. */
const frameFrom = 6;

/** A machine as a Mermaid flow chart, which GitHub and most editors draw. Dotted arrows are failures. */
export function machineDiagram(machine: StateMachine): string {
  return [
    "```mermaid",
    "flowchart TD",
    ...indented(machineLines(machine, "")),
    "  classDef good fill:#d9f2df,stroke:#2e7d32,color:#14361a",
    "  classDef bad fill:#fbdcd9,stroke:#b3261e,color:#4a0f0b",
    "  classDef begin fill:#333,stroke:#333",
    "```",
  ].join("\n");
}

/** @param within Name of the Map whose items run through this machine; empty for the machine itself. */
function machineLines(machine: StateMachine, within: string): string[] {
  const folded = foldMachine(machine);
  const begin = `begin${within}`;
  const { lines, edges } = framed(folded);
  return [`${begin}(( )):::begin --> ${folded.startAt}`, ...lines, ...edges.map(edgeLine)];
}

/** Nodes, those that share a failure way out in a frame of their own, and the arrows that are left to draw. */
function framed({ nodes, edges }: FoldedMachine): { lines: string[]; edges: Edge[] } {
  const exits = Map.groupBy(
    edges.filter(({ kind }) => kind === "failure"),
    ({ to }) => to,
  );
  const frames = [...exits].filter(([, leaving]) => leaving.length >= frameFrom);
  const inFrame = new Set(frames.flatMap(([, leaving]) => leaving.map(({ from }) => from)));
  const lines = nodes.filter(([name]) => !inFrame.has(name)).flatMap(nodeLines);
  const drawn = edges.filter(
    ({ kind, from, to }) => kind !== "failure" || !frames.some(([exit]) => exit === to) || !inFrame.has(from),
  );
  for (const [exit, leaving] of frames) {
    const frame = `before${exit}`;
    const members = nodes.filter(([name]) => leaving.some(({ from }) => from === name));
    lines.push(`subgraph ${frame}[" "]`, ...indented(members.flatMap(nodeLines)), "end");
    drawn.push({ from: frame, to: exit, kind: "failure" });
  }
  return { lines, edges: drawn };
}

function nodeLines([name, state]: [string, State]): string[] {
  if (state.ItemProcessor) {
    const items = /(\w+)\W*$/.exec(state.Items ?? "")?.[1] ?? "items";
    return [
      `subgraph ${name}["${name}: each of the ${items}"]`,
      ...indented(machineLines(state.ItemProcessor, name)),
      "end",
    ];
  }
  if (state.Type === "Succeed") return [`${name}([${name}]):::good`];
  if (state.Type === "Fail") return [`${name}([${name}]):::bad`];
  return [state.Type === "Choice" ? `${name}{${name}}` : `${name}[${name}]`];
}

function edgeLine({ from, to, kind, label }: Edge): string {
  const arrow = kind === "failure" ? "-.->" : "-->";
  return label === undefined ? `${from} ${arrow} ${to}` : `${from} ${arrow}|"${labelText(label)}"| ${to}`;
}

/** Mermaid writes characters that mean something to it as entities. */
function labelText(label: string): string {
  const entities: Record<string, string> = { '"': "#quot;", "<": "#lt;", ">": "#gt;" };
  return label.replaceAll(/["<>]/g, (character) => entities[character] ?? character);
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
