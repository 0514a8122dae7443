import { describe, expect, it } from "vitest";
import { readProjectFile } from "../../../scripts/documents/document.ts";
import { mutated } from "../../../scripts/mutation/mutants.ts";
import { worldsMadeAnew } from "../../../scripts/mutation/mutated-code.ts";
import { patched } from "../../../scripts/planted/planted-code.ts";

describe("the mutants of a handler", () => {
  it("each stand behind a switch of their own, with the line that they change", async () => {
    const { mutants, sources } = await mutated(["functions/admit.ts"]);
    const lines = readProjectFile("functions/admit.ts").split("\n");
    expect(new Set(mutants.map(({ id }) => id)).size).toBe(mutants.length);
    const name = mutants.find(({ mutator, line }) => mutator === "StringLiteral" && lines[line - 1]?.includes("name:"));
    expect(name).toMatchObject({ file: "functions/admit.ts", replacement: '""', isIgnored: false });
    expect(sources["functions/admit.ts"]).toContain(`stryMutAct_9fa48("${name?.id}") ? "" :`);
  });

  it("are judged with worlds that are made for them", () => {
    const source = readProjectFile(worldsMadeAnew.file);
    expect(patched(source, worldsMadeAnew)).not.toBe(source);
  });
});
