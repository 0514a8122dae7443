import { mkdirSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blockBytes, type VolumeLayout } from "../../boot/release-volume.ts";
import { renderUserData } from "../../boot/user-data.ts";
import { packDirectory } from "../../cli/archive.ts";
import { nodeLayer } from "../../cli/node-layer.ts";
import { parseRecipe } from "../../shared/domain/recipe.ts";
import { checkScript, installScript } from "../../shared/domain/recipe-script.ts";
import { Checks } from "./checks.ts";
import { Machine } from "./machine.ts";
import { ensurePrerequisites } from "./prerequisites.ts";
import { type RootImage, rootImage } from "./root-image.ts";
import { writeVolumeImage } from "./volume-image.ts";

/**
 * Boots the boot script on a real Linux machine: Debian under systemd in QEMU, user data by cloud-init's Ec2 data source,
 * the release volume as an NVMe disk. A minute or two; the first time also the building of the Debian image.
 */
const project = join(import.meta.dirname, "..", "..");
const port = 8080;

/** Without hardware virtualisation a boot takes 25 to 50 s on two idle cores; this is for busy ones. */
const bootLimitSeconds = 240;

/** Quotes, variables and a percent sign must pass through the header, the unit and systemd unharmed. */
const start = String.raw`echo "i am $(id -u) at 100% on '$PORT'"; touch x || echo "cannot write \"$PWD\""; ls /dev/nvme* || echo "no disk"; exec node server.js`;
const greeting = String.raw`say "hi" for $5 \ 'or' ${"`"}less${"`"} — grüß dich`;

const checks = new Checks();
const work = mkdtempSync(join(tmpdir(), "kiln-vm-"));
try {
  ensurePrerequisites();
  const image = rootImage();
  const release = await makeRelease();
  await runsAndReboots(image, release);
  await refusesDamage(image, release);
  await followsRecipe(image, release);
} catch (error) {
  checks.fail("the test runs to its end", error);
} finally {
  rmSync(work, { recursive: true, force: true });
}
checks.finish();

interface Release {
  volumeFile: string;
  layout: VolumeLayout;
  userData: string;
}

async function makeRelease(): Promise<Release> {
  const layer = await nodeLayer(join(project, ".kiln", "cache"));
  const artifact = await packDirectory(join(project, "examples", "web"), join(work, "web.tar.gz"));
  const volumeFile = join(work, "volume.img");
  const { layout, headerSha256 } = writeVolumeImage(volumeFile, {
    start,
    layers: [{ name: layer.name, file: layer.file }],
    artifact: { name: "1.0.0.tar.gz", file: artifact.file },
  });
  const userData = renderUserData({
    stage: "test",
    service: "web",
    generation: "web-000042",
    port,
    headerSha256,
    stopSeconds: 20,
    environment: { GREETING: greeting },
  });
  return { volumeFile, layout, userData };
}

async function runsAndReboots(image: RootImage, release: Release): Promise<void> {
  const machine = await startMachine("whole", image, release);
  try {
    const page = await machine.fetch("/", bootLimitSeconds);
    const expected = { release: "web-000042", version: "1.0.0", greeting };
    await checks.equal("a fresh machine serves the release with its environment", () => page.json(), expected);
    console.log(`  first page ${machine.ageSeconds()} s after start`);
    const booted = machine.console();
    checks.match(
      "the program runs as a dynamic user, and its command is as it was written",
      booted,
      /i am 6\d{4} at 100% on '8080'/,
    );
    checks.match("the program cannot change its own files", booted, /cannot write "\/opt\/kiln\/app"/);

    checks.match("the program cannot see the release volume", booted, /web\[\d+\]: no disk/);

    const before = machine.console().length;
    await machine.reboot();
    await machine.waitForConsole(/Linux version /, bootLimitSeconds, before);
    const again = await machine.fetch("/", bootLimitSeconds);
    await checks.equal("after a reboot the same release serves again", () => again.json(), expected);
    console.log(`  page after the reboot ${machine.ageSeconds()} s after start`);
    const since = machine.console().slice(before);
    checks.match("the program was asked to stop before the reboot", since, /stopping: finishing the requests/);
    checks.match("user data did not run a second time", since, /^(?![\s\S]*kiln: started)/);
  } catch (error) {
    checks.fail("a whole release boots, serves and survives a reboot", error);
    checks.showConsole(machine.console());
  } finally {
    await machine.stop();
  }
}

async function refusesDamage(image: RootImage, release: Release): Promise<void> {
  flipBit(release.volumeFile, release.layout.artifact.firstBlock * blockBytes + 100);
  const machine = await startMachine("damaged", image, release);
  try {
    const line = await machine.waitForConsole(/kiln: (fatal: .*|started.*)/, bootLimitSeconds);
    checks.match(
      "with one bit flipped the console says why nothing runs",
      line,
      /kiln: fatal: artifact 1\.0\.0\.tar\.gz is damaged/,
    );
    // The program would be up well within this: the boot script has already ended.
    await machine.waitForConsole(/cloud-init.*finished|Reached target .*cloud-init/i, 60);
    await checks.equal(
      "with one bit flipped nothing answers",
      async () => (await machine.fetchOnce("/")) === undefined,
      true,
    );
    checks.match("with one bit flipped the program never started", machine.console(), /^(?![\s\S]*i am kiln)/);
  } catch (error) {
    checks.fail("a damaged release is refused", error);
    checks.showConsole(machine.console());
  } finally {
    await machine.stop();
  }
}

/** The scripts of a golden recipe, as Systems Manager's agent runs them: with sh, as root. Its package is there already. */
async function followsRecipe(image: RootImage, release: Release): Promise<void> {
  const parsed = parseRecipe({
    recipe: "runtime",
    packages: ["kmod"],
    files: [{ path: "/usr/local/bin/runtime", content: "#!/bin/sh\necho 24\n", mode: "0755" }],
    scripts: ["runtime >/srv/version"],
    checks: ['test "$(cat /srv/version)" = 24', "kmod --version"],
  });
  if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
  const { recipe } = parsed;
  const userData = `#!/bin/sh
exec >/dev/console 2>&1
/bin/sh <<'INSTALL'
${installScript(recipe)}
INSTALL
echo "recipe: installed with $?; machine-id has $(wc -c </etc/machine-id) bytes"
/bin/sh <<'CHECK'
${checkScript(recipe)}
CHECK
echo "recipe: checked with $?"
`;
  const machine = await startMachine("recipe", image, { ...release, userData });
  try {
    await machine.waitForConsole(/recipe: checked with \d+/, bootLimitSeconds);
    const said = machine.console().replaceAll("\r", "");
    checks.match(
      "a recipe's package, files and scripts are installed",
      said,
      /recipe: installed with 0; machine-id has 0/,
    );
    checks.match("its package manager really answered", said, /kmod is already the newest version/);
    checks.match("what is installed is listed", said, /kiln: packages\n[\s\S]*^kmod-\d/m);
    checks.match("its checks hold on the machine", said, /recipe: checked with 0/);
  } catch (error) {
    checks.fail("a golden recipe is installed and checked", error);
    checks.showConsole(machine.console());
  } finally {
    await machine.stop();
  }
}

async function startMachine(name: string, image: RootImage, release: Release): Promise<Machine> {
  const directory = join(work, name);
  mkdirSync(directory);
  return Machine.start(directory, image, release.volumeFile, release.userData, port);
}

function flipBit(file: string, offset: number): void {
  const disk = openSync(file, "r+");
  const byte = Buffer.alloc(1);
  readSync(disk, byte, 0, 1, offset);
  byte[0] = (byte[0] ?? 0) ^ 1;
  writeSync(disk, byte, 0, 1, offset);
}
