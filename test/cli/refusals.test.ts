import { expect, test } from "vitest";
import { refusalsText } from "../../cli/refusals.ts";

test("refusals are told by the key that was pushed, or the execution that asked, with the reason below", () => {
  const text = refusalsText([
    {
      at: "2026-01-02T00:00:00Z",
      error: "ArtifactRefusedError",
      message: "web/1.tgz is refused: it is text, not a .tar.gz.",
      key: "web/1.tgz",
      versionId: "v",
      execution: "arn:aws:states:us-east-1:1:execution:kiln-dev-deploy:a",
    },
    {
      at: "2026-01-01T00:00:00Z",
      error: "ManualInputError",
      message: "no",
      execution: "arn:aws:states:us-east-1:1:execution:kiln-dev-deploy:b",
    },
  ]);
  expect(text).toEqual([
    "REFUSED (the newest, before they became releases)",
    "2026-01-02T00:00:00Z  web/1.tgz",
    "    ArtifactRefusedError: web/1.tgz is refused: it is text, not a .tar.gz.",
    "2026-01-01T00:00:00Z  b",
    "    ManualInputError: no",
  ]);
  expect(refusalsText([])).toEqual([]);
});
