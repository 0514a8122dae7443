/** Lines of a console that an error quotes; all of it is in the release's history. */
const quotedLines = 3;

/** How programs and runtimes begin the line that says why they stopped: `Error: …`, `TypeError: …`, `panic: …`, `fatal: …`. */
const reason = /(^|[\s:])(\w*(Error|Exception)|panic|fatal)(\s\[\w+\])?:\s/i;

/**
 * What of a console tells why a program did not run: its last lines, and before them the last one that names an error, which
 * a stack trace would otherwise push out.
 */
export function tellingLines(console: string): string {
  // Journal lines whose text is empty come from the blank lines of a program.
  const lines = console.split("\n").filter((line) => line.trim() !== "" && !/\]:\s*$/.test(line));
  const last = lines.slice(-quotedLines);
  const error = lines.findLast((line) => reason.test(line));
  const told = error === undefined || last.includes(error) ? last : [error, ...last.slice(1)];
  return told.length === 0 ? "(nothing)" : told.join("\n");
}
