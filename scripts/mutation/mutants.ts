import { Instrumenter } from "@stryker-mutator/instrumenter";
import { readProjectFile } from "../documents/document.ts";
import { strykerPlugins } from "./sentences.ts";

/** One change to a source file. */
export interface Mutant {
  id: string;
  /** From the project's root. */
  file: string;
  line: number;
  mutator: string;
  replacement: string;
  /** Left out, as what it changes is a sentence for people. */
  isIgnored: boolean;
}

/** Sources with every mutant in them, each behind a switch. */
export interface MutatedCode {
  mutants: Mutant[];
  /** By file, from the project's root. */
  sources: Record<string, string>;
}

const silent = () => {};
const logger = {
  isTraceEnabled: () => false,
  isDebugEnabled: () => false,
  isInfoEnabled: () => false,
  isWarnEnabled: () => false,
  isErrorEnabled: () => false,
  isFatalEnabled: () => false,
  trace: silent,
  debug: silent,
  info: silent,
  warn: silent,
  error: silent,
  fatal: silent,
};

/** Puts every mutant that Stryker knows into the files, none of them switched on. */
export async function mutated(files: readonly string[]): Promise<MutatedCode> {
  const named = files.map((name) => ({ name, mutate: true, content: readProjectFile(name) }));
  const ignorers = strykerPlugins.map(({ value }) => value);
  const options = { plugins: null, excludedMutations: [], ignorers };
  const made = await new Instrumenter(logger).instrument(named, options);
  return {
    mutants: made.mutants.map(({ id, fileName, location, mutatorName, replacement, status }) => ({
      id,
      file: fileName,
      line: location.start.line + 1,
      mutator: mutatorName,
      replacement,
      isIgnored: status === "Ignored",
    })),
    sources: Object.fromEntries(made.files.map(({ name, content }) => [name, content])),
  };
}
