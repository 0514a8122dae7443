import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { commentText, projectRoot } from "./document.ts";

/** What the comment of a service's class says. */
export interface ServiceComment {
  className: string;
  /** What it is. */
  summary: string;
  /** What is known to differ from AWS; empty when the comment names nothing. */
  differences: string;
}

/** The comment of every class of the embedded cloud that is a service. */
export function serviceComments(): ServiceComment[] {
  return globSync("local/**/*.ts", { cwd: projectRoot })
    .sort()
    .flatMap((path) => serviceCommentsIn(readFileSync(join(projectRoot, path), "utf8")));
}

/** The comments of the classes in one source file that implement `Service`. */
export function serviceCommentsIn(source: string): ServiceComment[] {
  const declaration = /(?:(\/\*\*(?:(?!\*\/)[\s\S])*\*\/)\s*)?export class (\w+) implements [^{]*\bService\b/g;
  return [...source.matchAll(declaration)].map(([, comment = "", className = ""]) => {
    const [summary = "", differences = ""] = commentText(comment).split(/\s*Differences(?: from AWS)?:\s*/);
    return { className, summary, differences: capitalised(differences) };
  });
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
