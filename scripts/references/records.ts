import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../documents/document.ts";
import type { ReferenceRun } from "./reference.ts";

/** From the project's root. */
export const recordsDirectory = "scripts/references/records";

/** Unit: characters. A shorter line is told in full wherever it stands. */
const shortMax = 80;

/** A committed record; undefined when there is none. */
export function readRecord(name: string): string | undefined {
  const path = join(projectRoot, recordsDirectory, `${name}.txt`);
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

/** The runs that there are records of, sorted. */
export function recordNames(): string[] {
  const files = readdirSync(join(projectRoot, recordsDirectory));
  return files.map((file) => file.replace(/\.txt$/, "")).sort();
}

/** Writes the records of all runs, and removes those of runs that there are no longer. */
export function writeRecords(records: ReadonlyMap<string, string>): void {
  const directory = join(projectRoot, recordsDirectory);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const [name, text] of records) writeFileSync(join(directory, `${name}.txt`), text);
}

/**
 * The texts that are kept of runs, by their names. What is repeated is counted, and what an earlier record has already, a
 * long line or a line with all those below it, is told by that record's name.
 */
export function recordsOf(runs: ReadonlyMap<string, ReferenceRun>): Map<string, string> {
  const told = new Map<string, string>();
  const texts = new Map<string, string>();
  for (const [name, { lines }] of runs) {
    const blocks = blocksOf(repeatsCounted(lines.map(withPlainKeys)));
    const shortened = blocks.flatMap((block) => {
      const earlier = told.get(block.join("\n"));
      return earlier === undefined
        ? block.map((line) => shorter(line, told))
        : [`${startOf(block[0])} as in ${earlier}`];
    });
    texts.set(name, `${shortened.join("\n")}\n`);
    const like = new Map<string, number>();
    for (const text of [...blocks.map((block) => block.join("\n")), ...blocks.flat()]) {
      const start = startOf(text);
      const nth = (like.get(start) ?? 0) + 1;
      like.set(start, nth);
      if (text.length > shortMax && !told.has(text)) told.set(text, nth === 1 ? name : `${name} ${nth}`);
    }
  }
  return texts;
}

function shorter(line: string, told: ReadonlyMap<string, string>): string {
  const earlier = told.get(line);
  return earlier === undefined ? line : `${startOf(line)} as in ${earlier}`;
}

/** What says of a line which one of a record it is: everything before its values. */
function startOf(line = ""): string {
  return line.split(/ \{|\n/)[0] ?? line;
}

/** Names of members without the quotes that JSON puts around them. */
function withPlainKeys(line: string): string {
  return line.replace(/"([A-Za-z_][\w-]*)":/g, "$1:");
}

/** A block is a line with those below it that are indented; the same block again and again is told once. */
export function repeatsCounted(lines: readonly string[]): string[] {
  const blocks: { text: string; lines: string[]; times: number }[] = [];
  for (const block of blocksOf(lines)) {
    const text = block.join("\n");
    const last = blocks.at(-1);
    if (last?.text === text) last.times += 1;
    else blocks.push({ text, lines: block, times: 1 });
  }
  return blocks.flatMap(({ lines: block, times }) => (times === 1 ? block : [...block, `  ${times} times`]));
}

function blocksOf(lines: readonly string[]): string[][] {
  const blocks: string[][] = [];
  for (const line of lines) {
    const last = blocks.at(-1);
    if (line.startsWith(" ") && last) last.push(line);
    else blocks.push([line]);
  }
  return blocks;
}
