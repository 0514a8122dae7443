import { expect, it } from "vitest";
import { readProjectFile } from "../../scripts/documents/document.ts";
import { diagramDocuments } from "../../scripts/generate-diagrams.ts";
import { referenceDocuments } from "../../scripts/generate-references.ts";
import { unheededDocuments } from "../../scripts/generate-unheeded.ts";

it.each([...diagramDocuments(), ...referenceDocuments(), ...(await unheededDocuments())])(
  "$path is as npm run generate writes it",
  ({ path, text }) => {
    expect(readProjectFile(path)).toBe(text);
  },
);
