import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { projectDirectory } from "../../cli/kiln-directory.ts";

it("a command whose reader has gone ends without a word about it", async () => {
  const kiln = `"${process.execPath}" "${join(projectDirectory, "cli", "main.ts")}"`;
  // The reader ends at once, so that everything is written to nobody.
  const pipeline = `{ ${kiln} --help; echo "code $?" >&2; } | true`;
  const { stderr } = await promisify(execFile)("sh", ["-c", pipeline]);
  expect(stderr).toBe("code 0\n");
});
