import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";

/** One of the project's own files. */
export interface Source {
  /** From the project's root, with forward slashes. */
  path: string;
  text: string;
}

const root = join(import.meta.dirname, "..", "..");

/** Every file that is in the repository or about to be, whose path matches. */
export function sources(pattern: RegExp): Source[] {
  return execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
  })
    .split("\n")
    .filter((path) => pattern.test(path) && existsSync(join(root, path)))
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

/** An import as written, and where it leads: a path from the project's root, or undefined for a package or a Node module. */
export interface Import {
  specifier: string;
  target: string | undefined;
}

/** Static and dynamic imports and re-exports of a TypeScript or JavaScript file. */
export function importsOf({ path, text }: Source): Import[] {
  const code = withoutComments(text);
  const patterns = [
    /^\s*(?:import|export)\s[^"'`;]*?\sfrom\s*["']([^"']+)["']/gm,
    /^\s*import\s*["']([^"']+)["']/gm,
    /\bimport\(\s*["']([^"']+)["']\s*\)/g,
    /\brequire\(\s*["']([^"']+)["']\s*\)/g,
  ];
  return patterns
    .flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1] ?? ""))
    .map((specifier) => ({
      specifier,
      target: specifier.startsWith(".") ? resolve(path, specifier) : undefined,
    }));
}

/** `text` with comments blanked out, so that an example in a comment is no import. */
export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}

function resolve(from: string, specifier: string): string {
  return relative(root, join(root, dirname(from), specifier))
    .split(sep)
    .join("/");
}
