import type { State, StateMachine } from "./state-machine.ts";

/** An arrow of the picture. */
export interface Edge {
  from: string;
  to: string;
  /** `turn`: the same state again after a wait. `failure`: an error was caught. */
  kind: "next" | "turn" | "failure";
  label?: string;
}

/** A machine with the loop of each working state folded into the state itself. */
export interface FoldedMachine {
  startAt: string;
  /** In the order of the definition. */
  nodes: [name: string, state: State][];
  edges: Edge[];
}

/**
 * Every working state of Kiln is three states: a task that looks and acts once, a choice, a wait that leads back. For a
 * picture they are one: the choice that only one state leads to becomes that state's arrows, and a wait that leads back
 * to it an arrow to itself.
 */
export function foldMachine({ StartAt, States }: StateMachine): FoldedMachine {
  const folded = new Map(
    Object.entries(States)
      .filter(([, state]) => state.Type === "Choice")
      .flatMap(([name]) => {
        const [owner, ...others] = Object.entries(States).filter(([, state]) => state.Next === name);
        return owner && others.length === 0 ? [[name, owner[0]] as const] : [];
      }),
  );
  const isPause = (name: string, owner: string) => States[name]?.Type === "Wait" && States[name].Next === owner;
  const pauses = new Set<string>();

  const edges = Object.entries(States).flatMap(([name, state]): Edge[] => {
    if (folded.has(name)) return [];
    const choice = state.Next !== undefined && folded.get(state.Next) === name ? States[state.Next] : undefined;
    const onward = choice ? choiceEdges(name, choice) : plainEdges(name, state);
    const turned = onward.map((edge): Edge => {
      if (!isPause(edge.to, name)) return edge;
      pauses.add(edge.to);
      return { from: name, to: name, kind: "turn", label: "poll" };
    });
    // A failure that leads where success leads needs no arrow of its own.
    const failures = failureEdges(name, state).filter(({ to }) => !turned.some((edge) => edge.to === to));
    return [...withoutLoneLabel(turned), ...failures];
  });
  const nodes = Object.entries(States).filter(([name]) => !folded.has(name) && !pauses.has(name));
  return { startAt: StartAt, nodes, edges: edges.filter(({ from }) => !pauses.has(from)) };
}

function plainEdges(from: string, state: State): Edge[] {
  if (state.Type === "Choice") return choiceEdges(from, state);
  return state.Next === undefined ? [] : [{ from, to: state.Next, kind: "next" }];
}

function choiceEdges(from: string, choice: State): Edge[] {
  const edges = (choice.Choices ?? []).map(
    ({ Condition, Next }): Edge => ({ from, to: Next, kind: "next", label: conditionLabel(Condition) }),
  );
  if (choice.Default !== undefined) edges.push({ from, to: choice.Default, kind: "next", label: "otherwise" });
  return edges;
}

/** The words a condition compares with say what it means; `ready` only where it says no more than that. */
function conditionLabel(condition: string): string {
  const words = [...condition.matchAll(/'([^']*)'/g)].map((match) => match[1] ?? "");
  const telling = words.filter((word) => word !== "ready");
  if (words.length > 0) return (telling.length > 0 ? telling : words).join(", ");
  return condition.replaceAll(/\{%\s*|\s*%\}|\$states\.input\./g, "");
}

/** One way on needs no label. */
function withoutLoneLabel(edges: Edge[]): Edge[] {
  if (edges.filter(({ kind }) => kind === "next").length !== 1) return edges;
  return edges.map((edge) => (edge.kind === "next" ? { from: edge.from, to: edge.to, kind: edge.kind } : edge));
}

/** A catch of everything is a failure, and needs no other word for it. */
function failureEdges(from: string, state: State): Edge[] {
  return (state.Catch ?? []).flatMap(({ Next, ErrorEquals }): Edge[] => {
    if (Next === undefined) return [];
    const edge: Edge = { from, to: Next, kind: "failure" };
    return [ErrorEquals.includes("States.ALL") ? edge : { ...edge, label: ErrorEquals.join(", ") }];
  });
}
