import type { Command } from "commander";
import { type Connection, findConnection } from "./aws/connection.ts";
import { openStage, type Stage } from "./aws/stage.ts";
import { asFailure } from "./failure.ts";
import type { Ask } from "./init/answers.ts";
import { type Output, outputTo, type Result, type Streams } from "./output.ts";

/** What every command works with. */
export interface Context {
  stageName: string;
  output: Output;
  connection(): Promise<Connection>;
  /** Opens the stage; throws a failure that says what to do when it is not there. */
  stage(): Promise<Stage>;
}

/** Where a program's commands write, and how they say their exit code. */
export interface Surroundings extends Streams {
  setExitCode(code: number): void;
  /** Asks a person; undefined when nobody sits at a terminal. */
  ask?: Ask;
}

interface GlobalOptions {
  stage: string;
  json?: boolean;
  aws?: boolean;
}

/**
 * Gives a command its action: the context made from the global options, one result at the end, every error a failure of
 * three lines with its exit code.
 * @param left What the command may have left behind when something unexpected goes wrong.
 */
export function runs<O = Record<string, unknown>>(
  command: Command,
  surroundings: Surroundings,
  left: string,
  run: (context: Context, args: string[], options: O) => Promise<Result>,
): void {
  command.action(async () => {
    const globals = command.optsWithGlobals<GlobalOptions>();
    const output = outputTo(surroundings, globals.json === true);
    const connection = () => findConnection({ aws: globals.aws === true });
    const context: Context = {
      stageName: globals.stage,
      output,
      connection,
      stage: async () => openStage(await connection(), globals.stage),
    };
    try {
      output.result(await run(context, command.args, command.opts<object>() as O));
    } catch (error) {
      const failure = asFailure(error, left);
      output.failure(failure);
      surroundings.setExitCode(failure.exitCode);
    }
  });
}

const shownExamples = new WeakMap<Command, readonly string[]>();

/** Appends examples to a command's help. */
export function examples(command: Command, ...lines: string[]): Command {
  shownExamples.set(command, lines);
  const heading = lines.length === 1 ? "Example:" : "Examples:";
  return command.addHelpText("after", `\n${heading}\n${lines.map((line) => `  $ ${line}`).join("\n")}`);
}

/** The examples of a command's help. */
export function examplesOf(command: Command): readonly string[] {
  return shownExamples.get(command) ?? [];
}
