import * as z from "zod/mini";
import en from "zod/v4/locales/en.js";

// zod/mini brings no words of its own; without them every problem would read "Invalid input".
z.config(en());

/** One thing wrong with what somebody wrote: where, and what to do. */
export interface Problem {
  /** Path of the key, its parts joined with dots; `(top)` for the whole. */
  path: string;
  message: string;
}

/** Every problem that a schema found, in its order. */
export function problemsOf(error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] }): Problem[] {
  return error.issues.map(({ path, message }) => ({ path: path.map(String).join(".") || "(top)", message }));
}

/** All problems in one line, for an error's message. */
export function inOneLine(problems: readonly Problem[]): string {
  return problems.map(({ path, message }) => (path === "(top)" ? message : `${path}: ${message}`)).join("; ");
}
