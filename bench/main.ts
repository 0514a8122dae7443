import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { table } from "../cli/table.ts";
import { projectRoot, writeDocuments } from "../scripts/documents/document.ts";
import { type BenchResult, figureRow, performanceDocument, resultFile } from "../scripts/documents/performance-page.ts";
import { benches } from "./benches.ts";
import type { Bench } from "./measurement.ts";

const usage = `npm run bench [-- <name> …] [--large] [--no-save] [--json] [--list]

  --large    full sizes and counts instead of short ones: minutes become an hour
  --no-save  leave bench/results and docs/performance.md as they are
  --json     one JSON object with all results on the last line of stdout
  --list     say what there is to measure
`;

const { values, positionals } = readArguments();
const unknown = positionals.filter((name) => !benches.some((bench) => bench.name === name));
if (values.list) {
  for (const { name, title } of benches) console.log(`${name.padEnd(12)} ${title}`);
} else if (unknown.length > 0) {
  refuse(`There is no benchmark ${unknown.join(", ")}; there are ${benches.map(({ name }) => name).join(", ")}.`);
} else {
  const chosen = positionals.length === 0 ? benches : benches.filter(({ name }) => positionals.includes(name));
  const results: BenchResult[] = [];
  for (const bench of chosen) results.push(await measure(bench));
  if (values.json) console.log(JSON.stringify({ results }));
}

function readArguments() {
  const options = {
    large: { type: "boolean", default: false },
    "no-save": { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
  } as const;
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    return refuse((error as Error).message);
  }
}

/** Exit code 2: wrong usage, as everywhere in Kiln. */
function refuse(why: string): never {
  console.error(`${why}\n\n${usage}`);
  process.exit(2);
}

async function measure({ name, title, run }: Bench): Promise<BenchResult> {
  console.error(`${name}: ${title}`);
  const measured = await run({ large: values.large, progress: (line) => console.error(`  ${line}`) });
  const machine = {
    node: process.versions.node,
    system: `${process.platform} ${process.arch}`,
    cores: availableParallelism(),
  };
  const result: BenchResult = { name, title, measuredAt: new Date().toISOString(), machine, ...measured };
  if (!values["no-save"]) save(result);
  show(result);
  return result;
}

/** The page is made of the results, so it is written with each of them. */
function save(result: BenchResult): void {
  const file = join(projectRoot, resultFile(result.name));
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  writeDocuments([performanceDocument()]);
}

/** Data goes to stdout, unless that is promised to the JSON. */
function show({ figures, tables, notes }: BenchResult): void {
  const print = values.json ? console.error : console.log;
  const lines = [
    ...table(figures.map(figureRow)),
    ...tables.flatMap(({ title, header, rows }) => ["", title, ...table([header, ...rows])]),
    "",
    ...notes,
  ];
  for (const line of lines) print(`  ${line}`);
  print("");
}
