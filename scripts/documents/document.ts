import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The project's root. */
export const projectRoot = join(import.meta.dirname, "..", "..");

/** A file that is written by a script, as it should be. */
export interface GeneratedDocument {
  /** From the project's root. */
  path: string;
  text: string;
}

/** The text of one of the project's files. */
export function readProjectFile(path: string): string {
  return readFileSync(join(projectRoot, path), "utf8");
}

export function writeDocuments(documents: readonly GeneratedDocument[]): void {
  for (const { path, text } of documents) writeFileSync(join(projectRoot, path), text);
}

/**
 * `text` with what stands between `<!-- generated: name -->` and `<!-- end: name -->` replaced. What people wrote around
 * it stays.
 * @throws {Error} when the text does not have both marks once.
 */
export function withSection(text: string, name: string, content: string): string {
  const begin = `<!-- generated: ${name} -->`;
  const end = `<!-- end: ${name} -->`;
  const [before, rest, ...more] = text.split(begin);
  const [, after, ...others] = rest?.split(end) ?? [];
  if (before === undefined || after === undefined || more.length > 0 || others.length > 0) {
    throw new Error(`the marks "${begin}" and "${end}" must each stand once, in this order`);
  }
  return `${before}${begin}\n\n${content.trim()}\n\n${end}${after}`;
}

/** JSON as the formatter writes it: lists of plain values on one line where they fit, everything else spread out. */
export function jsonText(value: unknown): string {
  const spread = JSON.stringify(value, null, 2);
  const lists = /^( *)(.*)\[\n((?:\s+(?:"(?:[^"\\]|\\.)*"|[\d.-]+|true|false|null),?\n)+)\s*\](,?)$/gm;
  const folded = spread.replaceAll(lists, (all, indent: string, before: string, body: string, comma: string) => {
    const values = body.trim().split(/\n\s*/).join(" ");
    const line = `${indent}${before}[${values}]${comma}`;
    return line.length <= formatterWidth ? line : all;
  });
  return `${folded}\n`;
}

/** Unit: characters a line; biome.json says it. */
const formatterWidth = 120;

/** A Markdown table. Cells may hold anything: what would break the table is escaped. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cellText).join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}

function cellText(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll(/\s*\n\s*/g, " ");
}

/** Inline code, for text that may hold backticks itself. */
export function code(text: string): string {
  return text.includes("`") ? `\`\` ${text} \`\`` : `\`${text}\``;
}

/** The sentences of a documentation comment, without its frame. */
export function commentText(comment: string): string {
  return comment
    .replace(/^\s*\/\*\*?/, "")
    .replace(/\*\/\s*$/, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\*\s?/, "").trim())
    .filter((line) => line !== "" && !line.startsWith("@"))
    .join(" ")
    .trim();
}
