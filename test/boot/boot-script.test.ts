import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blockBytes } from "../../boot/release-volume.ts";
import { packDirectory } from "../../cli/archive.ts";
import { noise } from "../../scripts/fuzz/sample-archives.ts";
import { rangesOf, zipOf } from "../../scripts/fuzz/sample-zips.ts";
import { bootScriptModule } from "../../scripts/generate-boot-script.ts";
import type { ReleaseFiles } from "../../scripts/vm/volume-image.ts";
import { inspectZip } from "../../shared/zip-inspection.ts";
import { decodeRecipe, RepackedZip } from "../../shared/zip-recipe.ts";
import { BootRoot } from "./boot-root.ts";

let work: string;
let release: ReleaseFiles;

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), "kiln-boot-files-"));
  const write = (path: string, text: string, mode = 0o644) => {
    mkdirSync(join(work, path, ".."), { recursive: true });
    writeFileSync(join(work, path), text);
    chmodSync(join(work, path), mode);
  };
  write("app/server.js", "console.log(1)\n", 0o600);
  write("runtime/bin/tool", "#!/bin/bash\n", 0o755);
  write("plain/tool", "#!/bin/bash\n", 0o755);
  await packDirectory(join(work, "app"), join(work, "app.tgz"));
  await packDirectory(join(work, "runtime"), join(work, "runtime.tgz"));
  await packDirectory(join(work, "plain"), join(work, "plain.tgz"));
  release = {
    start: "node server.js",
    layers: [
      { name: "runtime-1", file: join(work, "runtime.tgz") },
      { name: "plain", file: join(work, "plain.tgz") },
    ],
    artifact: { name: "1.0.0.tgz", file: join(work, "app.tgz") },
  };
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

test("the script that is bundled is the script that is tested", () => {
  expect(readFileSync("boot/boot-script.generated.ts", "utf8")).toBe(bootScriptModule());
});

// The script runs on Linux instances, with the commands of Linux.
describe.skipIf(process.platform !== "linux")("the boot script", () => {
  test("unpacks layers and artifact, makes the volume read-only and starts the program", async () => {
    using root = new BootRoot();
    root.addVolume("dev/nvme1n1", release);
    const { code, output } = await root.boot();
    expect(output).toBe("kiln: started web, release web-000042, on port 8080\n");
    expect(code).toBe(0);
    expect(root.read("opt/kiln/app/server.js")).toBe("console.log(1)\n");
    expect(statSync(join(root.path, "opt/kiln/layers/runtime-1/bin/tool")).mode & 0o777).toBe(0o755);
    expect(root.calls()).toEqual([
      `blockdev --setro ${root.path}/dev/nvme1n1`,
      "systemctl daemon-reload",
      "systemctl enable --now --no-block kiln.service",
    ]);
  });

  test("lets the program's user read every file and change none, whatever the archive said", async () => {
    using root = new BootRoot();
    root.addVolume("dev/nvme1n1", release);
    await root.boot();
    expect(statSync(join(root.path, "opt/kiln/app/server.js")).mode & 0o7777).toBe(0o644);
    expect(statSync(join(root.path, "opt/kiln/app")).mode & 0o7777).toBe(0o755);
  });

  test("finds the volume whatever its device is called, among others", async () => {
    using root = new BootRoot();
    writeFileSync(join(root.path, "dev/nvme0n1"), Buffer.alloc(1024 * 1024));
    writeFileSync(join(root.path, "dev/xvda"), "");
    root.addVolume("dev/sdf", release);
    expect((await root.boot()).code).toBe(0);
    expect(root.calls()[0]).toBe(`blockdev --setro ${root.path}/dev/sdf`);
  });

  test("takes the volume that user data names when there is another release volume", async () => {
    using root = new BootRoot();
    root.addVolume("dev/nvme1n1", { ...release, start: "node old.js" });
    root.addVolume("dev/nvme2n1", release);
    expect((await root.boot()).code).toBe(0);
    expect(root.read("etc/systemd/system/kiln.service")).toContain('-c "node server.js"');
  });

  test("gives the program its port, its release and the layers' programs", async () => {
    using root = new BootRoot();
    root.addVolume("dev/nvme1n1", release);
    await root.boot({ stopSeconds: 25 });
    const unit = root.read("etc/systemd/system/kiln.service").split("\n");
    const layers = `${root.path}/opt/kiln/layers`;
    expect(unit).toContain(`ExecStart="${root.path}/usr/bin/bash" -c "node server.js"`);
    expect(unit).toContain(`WorkingDirectory=${root.path}/opt/kiln/app`);
    expect(unit).toContain(
      `Environment="PATH=${layers}/runtime-1/bin:${layers}/plain:${root.path}/usr/local/bin:${root.path}/usr/bin:${root.path}/bin"`,
    );
    expect(unit).toContain("Environment=PORT=8080 KILN_STAGE=dev KILN_SERVICE=web KILN_GENERATION=web-000042");
    expect(unit).toContain("TimeoutStopSec=25");
    expect(unit).toContain("Restart=always");
    expect(unit).toContain("WantedBy=multi-user.target");
  });

  test("confines the program", async () => {
    using root = new BootRoot();
    root.addVolume("dev/nvme1n1", release);
    await root.boot();
    const unit = root.read("etc/systemd/system/kiln.service").split("\n");
    for (const line of ["DynamicUser=yes", "ProtectSystem=strict", "NoNewPrivileges=yes", "PrivateDevices=yes"]) {
      expect(unit).toContain(line);
    }
    expect(unit).toContain("SystemCallFilter=@system-service @pkey");
    expect(unit.filter((line) => line.startsWith("MemoryDenyWriteExecute"))).toEqual([]);
    expect(unit.filter((line) => line.startsWith("User="))).toEqual([]);
  });

  test("passes a start command on as it is: spaces, quotes, variables, percent signs and backslashes", async () => {
    using root = new BootRoot();
    root.addVolume("dev/nvme1n1", { ...release, start: String.raw`"./my app" --at "$PORT" 100% 'a\b' && echo "$$"` });
    await root.boot();
    // systemd reads \" as a quote, \\ as a backslash, %% as a percent sign and $$ as a dollar sign.
    expect(root.read("etc/systemd/system/kiln.service")).toContain(
      String.raw`-c "\"./my app\" --at \"$$PORT\" 100%% 'a\\b' && echo \"$$$$\""`,
    );
  });

  test("passes the release's environment on as it is", async () => {
    using root = new BootRoot();
    root.addVolume("dev/nvme1n1", release);
    await root.boot({
      environment: {
        QUOTE: `"it's"`,
        MONEY: "$5 `x`",
        SLASH: String.raw`a\b`,
        EMPTY: "",
        EQUALS: " a=b ",
        LANGUAGE: "ü",
      },
    });
    expect(root.read("etc/kiln/environment")).toBe(
      [
        'EMPTY=""',
        'EQUALS=" a=b "',
        'LANGUAGE="ü"',
        String.raw`MONEY="\$5 \`x\`"`,
        String.raw`QUOTE="\"it's\""`,
        String.raw`SLASH="a\\b"`,
        "",
      ].join("\n"),
    );
    expect(statSync(join(root.path, "etc/kiln/environment")).mode & 0o777).toBe(0o600);
  });

  test("works in a directory whose name has a space and a percent sign", async () => {
    using root = new BootRoot("an instance 100%");
    root.addVolume("dev/nvme1n1", release);
    expect((await root.boot()).code).toBe(0);
    const escaped = root.path.replaceAll("%", "%%");
    const unit = root.read("etc/systemd/system/kiln.service").split("\n");
    expect(unit).toContain(`WorkingDirectory=${escaped}/opt/kiln/app`);
    expect(unit).toContain(`ReadOnlyPaths="${escaped}/opt/kiln"`);
  });

  test("does the same again when it runs again, without touching what is unpacked", async () => {
    using root = new BootRoot();
    root.addVolume("dev/nvme1n1", release);
    await root.boot();
    const before = statSync(join(root.path, "opt/kiln/app/server.js"));
    const unit = root.read("etc/systemd/system/kiln.service");
    expect((await root.boot()).code).toBe(0);
    expect(statSync(join(root.path, "opt/kiln/app/server.js")).ino).toBe(before.ino);
    expect(root.read("etc/systemd/system/kiln.service")).toBe(unit);
  });

  test("starts over after a run that was cut short", async () => {
    using root = new BootRoot();
    root.addVolume("dev/nvme1n1", release);
    mkdirSync(join(root.path, "opt/kiln/.unpacking/app"), { recursive: true });
    mkdirSync(join(root.path, "opt/kiln/layers/half"), { recursive: true });
    writeFileSync(join(root.path, "opt/kiln/.unpacking/app/half"), "x");
    expect((await root.boot()).code).toBe(0);
    expect(root.has("opt/kiln/app/half")).toBe(false);
    expect(root.has("opt/kiln/layers/half")).toBe(false);
    expect(root.has("opt/kiln/.unpacking")).toBe(false);
  });

  const nothingStarted = (root: BootRoot) => {
    expect(root.calls().filter((call) => call.startsWith("systemctl"))).toEqual([]);
    expect(root.has("etc/systemd/system/kiln.service")).toBe(false);
  };

  test("starts nothing when one bit of the header is wrong", async () => {
    using root = new BootRoot();
    root.addVolume("dev/nvme1n1", release);
    root.flipBit("dev/nvme1n1", blockBytes - 1);
    const { code, output } = await root.boot();
    expect(code).toBe(1);
    expect(output).toMatch(/^kiln: fatal: expected the release volume with header [0-9a-f]{64}, found \/dev\/nvme1n1/);
    nothingStarted(root);
  });

  test.each([
    ["the artifact", "artifact 1.0.0.tgz"],
    ["a layer", "layer plain"],
  ])("starts nothing when one bit of %s is wrong", async (_, named) => {
    using root = new BootRoot();
    const layout = root.addVolume("dev/nvme1n1", release);
    const part = [...layout.layers, layout.artifact].find((placed) => named.endsWith(` ${placed.name}`));
    root.flipBit("dev/nvme1n1", (part?.firstBlock ?? 0) * blockBytes + 20);
    const { code, output } = await root.boot();
    expect(code).toBe(1);
    expect(output).toContain(`kiln: fatal: ${named} is damaged: expected SHA-256 ${part?.sha256}, found `);
    nothingStarted(root);
    expect(root.has("opt/kiln/app")).toBe(false);
  });

  test("starts nothing when the volume ends too early", async () => {
    using root = new BootRoot();
    const layout = root.addVolume("dev/nvme1n1", release);
    const file = join(root.path, "dev/nvme1n1");
    writeFileSync(file, readFileSync(file).subarray(0, layout.artifact.firstBlock * blockBytes));
    expect((await root.boot()).output).toContain("artifact 1.0.0.tgz is damaged");
    nothingStarted(root);
  });

  test("ignores padding: a bit after the end of a part harms nothing", async () => {
    using root = new BootRoot();
    const layout = root.addVolume("dev/nvme1n1", release);
    root.flipBit("dev/nvme1n1", layout.artifact.firstBlock * blockBytes + layout.artifact.bytes);
    expect((await root.boot()).code).toBe(0);
  });

  test.each([
    ["no device has the magic", "KILNVOL2"],
    ["there is no device at all", undefined],
  ])("says so when %s", async (_, magic) => {
    using root = new BootRoot();
    if (magic) writeFileSync(join(root.path, "dev/nvme1n1"), magic.padEnd(blockBytes, "\0"));
    const { code, output } = await root.boot();
    expect(code).toBe(1);
    expect(output).toBe(`kiln: fatal: no release volume after 0 s among ${root.path}/dev/{nvme*n1,xvd?,sd?,vd?}\n`);
    nothingStarted(root);
  });

  test("unpacks what a zip is repacked as, with its permissions and links", async () => {
    using root = new BootRoot();
    const zip = zipOf([
      { name: "bin/tool", content: "#!/bin/bash\n".repeat(100), mode: 0o100_755 },
      { name: "tool", content: "bin/tool", mode: 0o120_777 },
      { name: "data", content: noise(200_000), method: 0 },
    ]);
    const { recipe, bytes } = await inspectZip(rangesOf(zip), zip.length, { name: "a.zip", caseCollisions: "refuse" });
    const file = join(work, "repacked.tgz");
    await writeFile(file, new RepackedZip(decodeRecipe(recipe), rangesOf(zip), zip.length).range(0, bytes - 1));
    root.addVolume("dev/nvme1n1", { ...release, artifact: { name: "1.0.0.zip", file } });
    const { code } = await root.boot();
    expect(code).toBe(0);
    expect(statSync(join(root.path, "opt/kiln/app/bin/tool")).mode & 0o777).toBe(0o755);
    expect(root.read("opt/kiln/app/tool")).toBe("#!/bin/bash\n".repeat(100));
    expect(readFileSync(join(root.path, "opt/kiln/app/data"))).toEqual(noise(200_000));
  });

  test("starts nothing when a part is whole but no archive", async () => {
    using root = new BootRoot();
    const file = join(work, "text.tgz");
    writeFileSync(file, "not an archive");
    root.addVolume("dev/nvme1n1", { ...release, artifact: { name: "text.tgz", file } });
    const { code, output } = await root.boot();
    expect(code).toBe(1);
    expect(output).toContain("kiln: fatal: cannot unpack artifact text.tgz");
    nothingStarted(root);
  });
});
