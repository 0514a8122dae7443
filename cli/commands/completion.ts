import { Argument, type Command } from "commander";
import { examples, runs, type Surroundings } from "../command.ts";
import { completionScript, type Shell, shells } from "../completion.ts";
import { nothingDone } from "../failure.ts";

/** `kiln completion`: a script that completes commands and options in a shell. */
export function addCompletion(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("completion")
    .description("print a script that completes commands and options in a shell")
    .addArgument(new Argument("<shell>").choices(shells));
  examples(command, 'eval "$(kiln completion bash)"', "kiln completion fish | source");
  runs(command, surroundings, nothingDone, async (_context, [shell = ""]) => {
    const script = completionScript(program, shell as Shell);
    return { json: { shell, script }, text: script.trimEnd() };
  });
}
