import { expect, it } from "vitest";
import { archiveOf, procfile } from "../../../scripts/fuzz/sample-archives.ts";
import { admitDeploy } from "../../../shared/admission/deploy.ts";
import { frontDoor } from "./front-door.ts";

async function admitted(...files: [path: string, content: string][]) {
  const door = await frontDoor();
  await door.apply();
  const entries = files.map(([name, content]): [{ name: string }, string] => [{ name }, content]);
  const event = await door.push("web/1.tgz", await archiveOf(procfile, ...entries));
  await admitDeploy(door.asked(event), door.world);
  const release = await door.world.ledger.release("web", "web-000001");
  const artifact = release?.artifact;
  return { artifact, stored: await door.world.ledger.parts.inventory(artifact?.sha256 ?? "") };
}

it("keeps the packages of an artifact in the ledger, and their number in the release", async () => {
  const manifest = JSON.stringify({ name: "ms", version: "2.1.3", license: "MIT" });
  const { artifact, stored } = await admitted(["./node_modules/ms/package.json", manifest]);
  expect(artifact?.inventory).toEqual({ components: 1, gaps: [] });
  expect(stored?.components).toEqual([
    { ecosystem: "npm", name: "ms", version: "2.1.3", license: "MIT", evidence: "installed" },
  ]);
});

it("refuses nothing for a manifest that cannot be read, and says so in the release", async () => {
  const { artifact } = await admitted(["node_modules/ms/package.json", "{"], ["package-lock.json", "[]"]);
  expect(artifact?.inventory).toEqual({
    components: 0,
    gaps: [
      expect.stringContaining('"node_modules/ms/package.json" could not be read'),
      expect.stringContaining('"package-lock.json" could not be read'),
      "No package manifest was found: what it is made of is not known.",
    ],
  });
});

it("writes no document for an archive without manifests", async () => {
  const { artifact, stored } = await admitted();
  expect(artifact?.inventory?.components).toBe(0);
  expect(stored).toBeUndefined();
});
