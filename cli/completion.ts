import type { Command, Option } from "commander";
import { commandsOf } from "./command-tree.ts";

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

/** What may follow the words of one command. */
interface Completion {
  /** The words that call it; empty for the program itself. */
  path: string;
  subcommands: { name: string; about: string }[];
  options: { flag: string; about: string; choices: readonly string[] }[];
}

/**
 * A script that completes commands, options and choices in a shell. It is made of the program's own definitions and asks
 * nobody, so it answers at once; names of services and releases are not completed.
 */
export function completionScript(program: Command, shell: Shell): string {
  const completions = completionsOf(program);
  const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript };
  return scripts[shell](completions);
}

function completionsOf(program: Command): Completion[] {
  const groups = program.commands.filter((command) => command.commands.length > 0);
  const paths = new Map(commandsOf(program).map(({ path, command }) => [path, command]));
  for (const group of groups) paths.set(group.name(), group);
  const common = program.options;
  return [
    { path: "", subcommands: subcommandsOf(program), options: common.map(optionOf) },
    ...[...paths].map(([path, command]) => ({
      path,
      subcommands: subcommandsOf(command),
      options: [...command.options, ...common].map(optionOf),
    })),
  ];
}

function subcommandsOf(command: Command): Completion["subcommands"] {
  return command.commands.map((child) => ({ name: child.name(), about: child.description() }));
}

function optionOf(option: Option): Completion["options"][number] {
  return { flag: option.long ?? option.flags, about: option.description, choices: option.argChoices ?? [] };
}

/** The shell's `case` over the words typed until now, with what may come next. */
function casesOf(completions: readonly Completion[]): string {
  return completions
    .map(({ path, subcommands, options }) => {
      const words = [...subcommands.map(({ name }) => name), ...options.map(({ flag }) => flag)];
      return `    "${path}") offered="${words.join(" ")}" ;;`;
    })
    .join("\n");
}

function choiceCases(completions: readonly Completion[]): string {
  const choices = new Map<string, readonly string[]>();
  for (const { options } of completions) {
    for (const option of options) if (option.choices.length > 0) choices.set(option.flag, option.choices);
  }
  return [...choices].map(([flag, values]) => `    ${flag}) offered="${values.join(" ")}" ;;`).join("\n");
}

function bashScript(completions: readonly Completion[]): string {
  return `# kiln: completion for bash. Use it with: eval "$(kiln completion bash)"
${bashFunction(completions)}`;
}

/** zsh reads bash's own completions once it is told to. */
function zshScript(completions: readonly Completion[]): string {
  return `# kiln: completion for zsh. Use it with: eval "$(kiln completion zsh)"
autoload -Uz compinit bashcompinit
(( $+functions[compdef] )) || compinit
bashcompinit
${bashFunction(completions)}`;
}

/** Finds the command among the words before the cursor, then offers what may follow it, or the last option's choices. */
function bashFunction(completions: readonly Completion[]): string {
  const named = completions.flatMap(({ path }) => (path === "" ? [] : [`"${path}"`])).join("|");
  return `_kiln() {
  local typed=("\${COMP_WORDS[@]:0:COMP_CWORD}")
  local current="" word offered=""
  for word in "\${typed[@]:1}"; do
    case "\${current:+$current }$word" in
      ${named}) current="\${current:+$current }$word" ;;
    esac
  done
  case "$current" in
${casesOf(completions)}
  esac
  case "$word" in
${choiceCases(completions)}
  esac
  COMPREPLY=($(compgen -W "$offered" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _kiln kiln
`;
}

function fishScript(completions: readonly Completion[]): string {
  const lines = completions.flatMap(({ path, subcommands, options }) => {
    const when = `-n '${fishCondition(path, subcommands)}'`;
    return [
      ...subcommands.map(({ name, about }) => `complete -c kiln -f ${when} -a ${name} -d ${quoted(about)}`),
      ...options.map(({ flag, about, choices }) => {
        const values = choices.length > 0 ? ` -x -a ${quoted(choices.join(" "))}` : "";
        return `complete -c kiln ${when} -l ${flag.replace(/^--/, "")} -d ${quoted(about)}${values}`;
      }),
    ];
  });
  return `# kiln: completion for fish. Use it with: kiln completion fish | source\n${lines.join("\n")}\n`;
}

/** When the words typed until now are those of the command, and none of a further one. */
function fishCondition(path: string, subcommands: Completion["subcommands"]): string {
  if (path === "") return "__fish_use_subcommand";
  const seen = path.split(" ").map((word) => `__fish_seen_subcommand_from ${word}`);
  const further = subcommands.map(({ name }) => name);
  if (further.length > 0) seen.push(`not __fish_seen_subcommand_from ${further.join(" ")}`);
  return seen.join("; and ");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "\\'")}'`;
}
