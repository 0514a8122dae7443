import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { commandsOf } from "../../cli/command-tree.ts";
import { kilnProgram } from "../../cli/program.ts";
import { projectRoot, readProjectFile } from "../../scripts/documents/document.ts";
import { featureRows } from "../../scripts/documents/features-page.ts";

const nowhere = { write() {} };
const kilnCommands = commandsOf(kilnProgram({ stdout: nowhere, stderr: nowhere, setExitCode() {} })).map(
  ({ path }) => path,
);
const scripts = Object.keys((JSON.parse(readProjectFile("package.json")) as { scripts: object }).scripts);

describe("the field's table", () => {
  it("has each row once: 1 to 58 and N1 to N23", () => {
    const numbers = (prefix: string, last: number) => Array.from({ length: last }, (_, i) => `${prefix}${i + 1}`);
    expect(featureRows.map(({ number }) => number).toSorted()).toEqual(
      [...numbers("", 58), ...numbers("N", 23)].toSorted(),
    );
  });

  it.each(featureRows.map((row) => [row.number, row] as const))(
    "shows row %s, or says that it is missing",
    (_, row) => {
      expect(row.shown.length > 0 || row.missing !== undefined).toBe(true);
      for (const shown of row.shown) {
        if ("command" in shown) expect(isCommand(shown.command), shown.command).toBe(true);
        else expect(hasTest(shown.test, shown.title), `${shown.test}: ${shown.title}`).toBe(true);
      }
    },
  );
});

/** Whether a file has a test of this title, as its source writes it. */
function hasTest(file: string, title: string): boolean {
  return existsSync(join(projectRoot, file)) && readProjectFile(file).includes(`"${title}"`);
}

function isCommand(text: string): boolean {
  const words = text.split(" ");
  if (words[0] === "npm") return words[1] === "start" || (words[1] === "run" && scripts.includes(words[2] ?? ""));
  return (
    words[0] === "kiln" && kilnCommands.some((path) => text === `kiln ${path}` || text.startsWith(`kiln ${path} `))
  );
}
