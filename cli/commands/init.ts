import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { examples, runs, type Surroundings } from "../command.ts";
import { CommandFailure, nothingDone } from "../failure.ts";
import { askForRest, type GivenAnswers, withPresets } from "../init/answers.ts";
import { specText } from "../init/spec-text.ts";
import { projectDirectory } from "../kiln-directory.ts";
import { parseSpecText } from "../spec-file.ts";

interface Options extends Omit<GivenAnswers, "layers" | "paths" | "hosts"> {
  layer?: string[];
  path?: string[];
  host?: string[];
  force?: boolean;
}

/** `kiln init`: a first `kiln.yaml`, from options, or by asking on a terminal. */
export function addInit(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("init")
    .description("write a kiln.yaml from options, or by asking on a terminal")
    .argument("[directory]", "where; left out: here")
    .option("--service <name>", "name of the service; left out: the directory's")
    .option("--base <base>", "al2023, debian-12, ubuntu-24.04 or ami-…")
    .option("--layer <name>", "a layer under the program, such as node-24; may be repeated", collect)
    .option("--command <command>", "start command; left out: the Procfile's web: line")
    .option("--port <port>", "port the program listens on", wholeNumber)
    .option("--health-path <path>", "path that answers 200 when the program is well")
    .option("--min <servers>", "servers at least", wholeNumber)
    .option("--max <servers>", "servers at most", wholeNumber)
    .option("--instance-type <type>", "EC2 instance type")
    .option("--path <pattern>", "a path that is the service's; may be repeated", collect)
    .option("--host <name>", "a host name that is the service's; may be repeated", collect)
    .option("--listener <arn>", "listener that carries it; left out: the stage's")
    .option("--force", "write over a kiln.yaml that is there");
  examples(
    command,
    "kiln init",
    "kiln init shop --layer node-24 --port 3000 --health-path /health --min 2 --max 6 --path '/shop*'",
  );
  runs<Options>(command, surroundings, nothingDone, async (context, [directory = "."], options) => {
    const { layer: layers, path: paths, host: hosts, force = false, ...others } = options;
    const given: GivenAnswers = { ...others, layers, paths, hosts };
    const file = join(directory, "kiln.yaml");
    const name = basename(resolve(directory));
    const { ask } = surroundings;
    const answers = ask && !context.output.json ? await askForRest(given, name, ask) : withPresets(given, name);
    const text = specText(answers, schemaPath(file));
    const parsed = parseSpecText(text);
    if ("problems" in parsed) throw unusable(parsed.problems.map(({ message }) => message));
    await write(file, text, force);
    const next = `kiln service apply ${file}`;
    return { json: { file, service: parsed.spec.service }, text: `wrote ${file}; next: ${next}` };
  });
}

/** @throws {CommandFailure} when there is one already, unless `force`. */
async function write(file: string, text: string, force: boolean): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  try {
    await writeFile(file, text, { flag: force ? "w" : "wx" });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause;
    throw new CommandFailure(
      {
        name: "FileExists",
        what: `There is a ${file} already.`,
        left: "It is untouched.",
        fix: "Edit it, or give --force to write over it.",
      },
      { cause },
    );
  }
}

function unusable(problems: string[]): CommandFailure {
  return new CommandFailure({
    name: "SpecInvalid",
    what: "These answers make no valid service spec.",
    details: problems,
    left: "Nothing was written.",
    fix: "Give other values; kiln init --help lists them, docs/service-spec.md explains them.",
    exitCode: 2,
  });
}

/** Where an editor finds the schema, from the file's own directory. */
function schemaPath(file: string): string {
  const path = relative(dirname(resolve(file)), join(projectDirectory, "docs", "kiln.schema.json"));
  const slashed = path.split(sep).join("/");
  return slashed.startsWith(".") ? slashed : `./${slashed}`;
}

function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("it must be a whole number.");
  return Number(text);
}
