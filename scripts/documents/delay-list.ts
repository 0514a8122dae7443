import { awsDelays } from "../../local/core/delays.ts";
import { code, commentText, markdownTable, readProjectFile } from "./document.ts";

/** How long the embedded cloud lets things take, with where each figure comes from. */
export function delaysTable(): string {
  const source = readProjectFile("local/core/delays.ts");
  const comments = new Map<string, string>();
  let above = "";
  for (const line of source.split("\n")) {
    const key = /^ {2}(\w+): number;$/.exec(line)?.[1];
    // A comment stands above the one figure it belongs to, or above two that belong together.
    if (key !== undefined) comments.set(key, above);
    else above = /^\s*\/\*\*.*\*\/$/.test(line) ? commentText(line) : "";
  }
  const rows = Object.entries(awsDelays).map(([name, seconds]) => [
    code(name),
    String(seconds),
    comments.get(name) ?? "",
  ]);
  return markdownTable(["Delay", "Seconds", "What it is, and the source"], rows);
}
