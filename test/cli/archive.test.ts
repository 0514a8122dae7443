import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { packDirectory } from "../../cli/archive.ts";
import { nodeLayer } from "../../cli/node-layer.ts";

let work: string;
let app: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), "kiln-archive-"));
  app = join(work, "app");
  mkdirSync(join(app, "bin"), { recursive: true });
  writeFileSync(join(app, "Procfile"), "web: bin/run\n");
  writeFileSync(join(app, "VERSION"), "1.0.0\n");
  writeFileSync(join(app, "bin/run"), "#!/bin/sh\n");
  chmodSync(join(app, "bin/run"), 0o700);
  symlinkSync("bin/run", join(app, "start"));
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

const list = (file: string) =>
  execFileSync("tar", ["-tvzf", file, "--numeric-owner"], { encoding: "utf8", env: { ...process.env, TZ: "UTC" } })
    .trim()
    .split("\n")
    .map((line) => line.replace(/\s+/g, " "));

test("packs files, directories, links and the executable bit, and nothing else of the machine", async () => {
  const { file } = await packDirectory(app, join(work, "a.tgz"));
  expect(list(file)).toEqual([
    "-rw-r--r-- 0/0 13 1970-01-01 00:00 Procfile",
    "-rw-r--r-- 0/0 6 1970-01-01 00:00 VERSION",
    "drwxr-xr-x 0/0 0 1970-01-01 00:00 bin/",
    "-rwxr-xr-x 0/0 10 1970-01-01 00:00 bin/run",
    "lrwxrwxrwx 0/0 0 1970-01-01 00:00 start -> bin/run",
  ]);
});

test("gives the same bytes for the same content, and says their digest and length", async () => {
  const first = await packDirectory(app, join(work, "a.tgz"));
  utimesSync(join(app, "VERSION"), 1, 1);
  chmodSync(join(app, "VERSION"), 0o600);
  const second = await packDirectory(app, join(work, "b.tgz"));
  const bytes = readFileSync(first.file);
  expect(readFileSync(second.file).equals(bytes)).toBe(true);
  expect(second).toEqual({
    file: join(work, "b.tgz"),
    bytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
  });
});

test("leaves out what it is told to and .git, and puts in what it is given", async () => {
  mkdirSync(join(app, ".git"));
  writeFileSync(join(app, ".git/HEAD"), "x");
  const { file } = await packDirectory(app, join(work, "a.tgz"), {
    exclude: ["bin", "start"],
    replace: { VERSION: "2.0.0-rc.1\n", "config/colour": "blue" },
  });
  expect(list(file).map((line) => line.split(" ").slice(2).join(" "))).toEqual([
    "13 1970-01-01 00:00 Procfile",
    "11 1970-01-01 00:00 VERSION",
    "4 1970-01-01 00:00 config/colour",
  ]);
});

test("carries long names and large files whole", async () => {
  const name = `${"d".repeat(90)}/${"e".repeat(90)}/${"ü".repeat(60)}`;
  mkdirSync(join(app, name, ".."), { recursive: true });
  writeFileSync(join(app, name), Buffer.alloc(3_000_000, "kiln"));
  const { file } = await packDirectory(app, join(work, "a.tgz"));
  mkdirSync(join(work, "out"));
  execFileSync("tar", ["-xzf", file, "-C", join(work, "out")]);
  expect(readFileSync(join(work, "out", name)).equals(readFileSync(join(app, name)))).toBe(true);
});

test.each(["../secret", "/etc/passwd", "bin/../../x"])("refuses a link to %s and leaves no file behind", async (to) => {
  symlinkSync(to, join(app, "leak"));
  await expect(packDirectory(app, join(work, "out", "a.tgz"))).rejects.toThrow(`leak links to ${to}`);
  expect(readdirSync(work)).toEqual(["app"]);
});

test("allows a link to a directory beside its own", async () => {
  symlinkSync("../VERSION", join(app, "bin/version"));
  await expect(packDirectory(app, join(work, "a.tgz"))).resolves.toMatchObject({ file: join(work, "a.tgz") });
});

test("fails, without leaving a file, when there is no such directory", async () => {
  await expect(packDirectory(join(work, "missing"), join(work, "a.tgz"))).rejects.toThrow("ENOENT");
  expect(readdirSync(work)).toEqual(["app"]);
});

test.skipIf(process.platform !== "linux")("makes a layer that holds this project's Node, once", async () => {
  const cache = join(work, "cache");
  const layer = await nodeLayer(cache);
  expect(layer.name).toBe("node-24");
  expect(execFileSync("tar", ["-tzf", layer.file], { encoding: "utf8" }).split("\n")).toEqual([
    "LICENSE",
    "bin/",
    "bin/node",
    "",
  ]);
  expect(await nodeLayer(cache)).toEqual(layer);
  expect(readdirSync(cache)).toEqual([`node-${layer.version}-linux-${process.arch}.tar.gz`]);
});
