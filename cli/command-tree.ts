import type { Command } from "commander";

/** A command that does something, by the words that call it. */
export interface NamedCommand {
  /** Such as `service apply`. */
  path: string;
  command: Command;
}

/** Every command of the program that can be called, in the order of its help. */
export function commandsOf(program: Command): NamedCommand[] {
  return program.commands.flatMap((command) => below(command, command.name()));
}

function below(command: Command, path: string): NamedCommand[] {
  const further = command.commands.flatMap((child) => below(child, `${path} ${child.name()}`));
  // A command with neither arguments nor an action of its own only groups others.
  const groups = command.commands.length > 0 && command.registeredArguments.length === 0;
  return groups ? further : [{ path, command }, ...further];
}
