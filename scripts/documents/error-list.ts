import { code, commentText, markdownTable, readProjectFile } from "./document.ts";
import { allStates, type MachineName, machineNames, readMachine } from "./state-machine.ts";

/** One error that a handler can end with. */
export interface ListedError {
  /** What Step Functions matches. */
  name: string;
  meaning: string;
}

/** Every error of `shared/errors.ts` with what its comment says. */
export function listedErrors(): ListedError[] {
  const source = readProjectFile("shared/errors.ts");
  const declaration =
    /(\/\*\*(?:(?!\*\/)[\s\S])*\*\/)\s*export class \w+ extends KilnError \{\s*override readonly name = "([^"]+)";/g;
  return [...source.matchAll(declaration)].map(([, comment = "", name = ""]) => ({
    name,
    meaning: commentText(comment),
  }));
}

/** Which machines try again after an error of this name, with how often. */
function retriedBy(error: string): string {
  const retries = new Map<number, MachineName[]>();
  for (const machine of machineNames) {
    const rules = allStates(readMachine(machine)).flatMap(([, { Retry }]) => Retry ?? []);
    const rule = rules.find(({ ErrorEquals }) => ErrorEquals.includes(error));
    if (rule) retries.set(rule.MaxAttempts ?? 3, [...(retries.get(rule.MaxAttempts ?? 3) ?? []), machine]);
  }
  return [...retries].map(([attempts, machines]) => `${machines.join(", ")}: ${attempts} times`).join("; ") || "no";
}

export function errorsDocument(): string {
  const rows = listedErrors().map(({ name, meaning }) => [code(name), meaning, retriedBy(name)]);
  return `# Errors

Every error that a handler of Kiln's can end with. The name is what stands in the execution: as the error of the end state
\`FailedClean\`, in the release's history, and in the handler's log. The text says what was found, with the values, and
then what to do. What is not retried takes the machine's failure path at once.

${markdownTable(["Name", "What it means", "Retried"], rows)}

Errors of Lambda itself and time-outs are retried too; see \`Retry\` in the [state machines](state-machines.md).
`;
}
