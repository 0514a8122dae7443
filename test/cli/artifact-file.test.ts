import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { prepareArtifact } from "../../cli/artifact-file.ts";

let work: string;
let app: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), "kiln-push-"));
  vi.stubEnv("KILN_HOME", join(work, "home"));
  app = join(work, "app");
  mkdirSync(app);
  writeFileSync(join(app, "Procfile"), "web: ./run\n");
  writeFileSync(join(app, "VERSION"), "1.0.0\n");
  writeFileSync(join(app, "kiln.yaml"), "service: web\ncapacity: { min: 1, max: 1 }\nhealthCheck: { path: / }\n");
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(work, { recursive: true, force: true });
});

const read = (file: string, path: string) => execFileSync("tar", ["-xzOf", file, path], { encoding: "utf8" });

test("takes service and version of a directory from its kiln.yaml and VERSION", async () => {
  const artifact = await prepareArtifact(app, {});
  expect(artifact).toMatchObject({ key: "web/1.0.0.tar.gz", service: "web", version: "1.0.0", packed: true });
  expect(execFileSync("tar", ["-tzf", artifact.file], { encoding: "utf8" }).trim().split("\n")).toEqual([
    "Procfile",
    "VERSION",
  ]);
});

test("packs a directory with the version it is pushed as", async () => {
  const artifact = await prepareArtifact(app, { version: "2.0.0" });
  expect(artifact.key).toBe("web/2.0.0.tar.gz");
  expect(read(artifact.file, "VERSION")).toBe("2.0.0\n");
});

test("adds no VERSION to a directory that has none", async () => {
  rmSync(join(app, "VERSION"));
  const { file } = await prepareArtifact(app, { version: "2.0.0" });
  expect(execFileSync("tar", ["-tzf", file], { encoding: "utf8" })).toBe("Procfile\n");
});

test("takes the version of an archive from its name, and pushes it as it is", async () => {
  const file = join(app, "1.2.3.tgz");
  writeFileSync(file, gzipSync("x"));
  expect(await prepareArtifact(file, {})).toEqual({
    file,
    key: "web/1.2.3.tgz",
    service: "web",
    version: "1.2.3",
    packed: false,
  });
});

test.each([
  ["app.rar", {}, "is no .tar.gz, .tgz or .zip."],
  ["1.0.0.tgz", { service: "Bad Service" }, "is no key of an artifact"],
  ["1.0.0.tgz", { service: "layers" }, "it is the key of a layer"],
])("refuses %s with %j as wrong usage", async (name, asked, message) => {
  writeFileSync(join(app, name), "x");
  await expect(prepareArtifact(join(app, name), asked)).rejects.toMatchObject({
    message: expect.stringContaining(message),
    exitCode: 2,
  });
});

test.each([
  ["", "it is empty: 0 bytes"],
  ["<html>404</html>", "it is text, not a .tar.gz"],
  ["PK\x03\x04", "it is a zip archive, not a .tar.gz"],
])("refuses an archive that begins with %j before anything is sent", async (content, reason) => {
  const file = join(app, "1.2.3.tgz");
  writeFileSync(file, content);
  await expect(prepareArtifact(file, {})).rejects.toMatchObject({
    name: "ArtifactRefusedError",
    message: expect.stringContaining(reason),
    left: "Nothing was done.",
    exitCode: 1,
  });
});

test("pushes a zip as it is, and refuses what only has its name", async () => {
  const file = join(app, "1.2.3.zip");
  writeFileSync(file, "PK\x03\x04");
  expect(await prepareArtifact(file, {})).toMatchObject({
    file,
    key: "web/1.2.3.zip",
    version: "1.2.3",
    packed: false,
  });
  writeFileSync(file, gzipSync("x"));
  await expect(prepareArtifact(file, {})).rejects.toMatchObject({
    message: expect.stringContaining("it is compressed with gzip, not a .zip"),
  });
});

test("asks for the service when nothing says it", async () => {
  rmSync(join(app, "kiln.yaml"));
  await expect(prepareArtifact(app, {})).rejects.toMatchObject({ fix: "Say --service.", exitCode: 2 });
});
