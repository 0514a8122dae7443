// Runs a script of this project on the pinned Node, after installing what is missing: `node bootstrap.mjs <script> …`.
// The only file that must run on whatever Node the machine has (20 or later), so it uses Node's own modules alone.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stampFile = join(root, "node_modules", ".kiln-installed");
const lockFile = join(root, ".kiln", "installing");

const [script, ...args] = process.argv.slice(2);
if (script === undefined) {
  console.error("usage: node scripts/bootstrap.mjs <script> [arguments]");
  process.exit(2);
}
if (Number(process.versions.node.split(".")[0]) < 20) {
  console.error(
    `Kiln needs Node 20 or later to start; this is ${process.version}.\nInstall a newer Node, then try again.`,
  );
  process.exit(1);
}
install();
run(pinnedNode(), [join(root, script), ...args]);

/** Brings node_modules in line with the lockfile, unless it already is. */
function install() {
  const lockfile = readFileSync(join(root, "package-lock.json"), "utf8");
  const stamp = `${createHash("sha256").update(lockfile).digest("hex")} ${process.platform} ${process.arch}\n`;
  const isInstalled = () => existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp;
  if (isInstalled()) return;
  // Two installations at once would take each other's files away: a second terminal is quickly opened in a fresh clone.
  const unlock = lock();
  try {
    if (!isInstalled()) installNow(lockfile, stamp);
  } finally {
    unlock();
  }
}

function installNow(lockfile, stamp) {
  if (!agreesWith(lockfile)) {
    console.error("kiln: installing what is missing (npm ci)");
    const npm = process.env.npm_execpath;
    const [command, prefix] = npm === undefined ? ["npm", []] : [process.execPath, [npm]];
    // Output goes to stderr: the last line of stdout belongs to the script's own JSON.
    const result = spawnSync(command, [...prefix, "ci", "--no-audit", "--no-fund"], {
      cwd: root,
      stdio: ["ignore", 2, 2],
      shell: npm === undefined && process.platform === "win32",
    });
    if (result.error) throw result.error;
    if (result.status !== 0) {
      rmSync(lockFile, { force: true });
      process.exit(result.status ?? 1);
    }
  }
  writeFileSync(stampFile, stamp);
}

/** Waits until no other process installs here. Returns what gives the lock back; that of a process that died is nobody's. */
function lock() {
  mkdirSync(dirname(lockFile), { recursive: true });
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let isTold = false; ; Atomics.wait(pause, 0, 0, 200)) {
    try {
      writeFileSync(lockFile, String(process.pid), { flag: "wx" });
      return () => rmSync(lockFile, { force: true });
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const pid = holder();
    if (!isAlive(pid)) rmSync(lockFile, { force: true });
    else if (!isTold && pid !== undefined) {
      console.error(`kiln: waiting for process ${pid}, which installs what is missing (${lockFile})`);
      isTold = true;
    }
  }
}

/** The process that installs; undefined while its file is being written or was just removed. */
function holder() {
  try {
    return Number(readFileSync(lockFile, "utf8")) || undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  try {
    if (pid !== undefined) process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Whether what npm last installed, for this platform, is what the lockfile says: after a plain `npm install`, say. */
function agreesWith(lockfile) {
  const hiddenFile = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(hiddenFile)) return false;
  const installed = JSON.parse(readFileSync(hiddenFile, "utf8")).packages;
  return Object.entries(JSON.parse(lockfile).packages).every(([path, wanted]) => {
    if (path === "" || !isFor(wanted.os, process.platform) || !isFor(wanted.cpu, process.arch)) return true;
    // npm leaves out what only another platform's packages need; those that are this platform's say so themselves.
    const forThisPlatform = wanted.os !== undefined && wanted.libc === undefined;
    if (wanted.optional && !forThisPlatform && installed[path] === undefined) return true;
    return installed[path]?.version === wanted.version && existsSync(join(root, path));
  });
}

function isFor(list, value) {
  const entries = [list ?? []].flat();
  if (entries.every((entry) => entry.startsWith("!"))) return !entries.includes(`!${value}`);
  return entries.includes(value);
}

/** The Node that npm installed for this platform; the machine's own where there is none but it is recent enough. */
function pinnedNode() {
  const pinned = join(root, "node_modules", ".bin", "node");
  if (existsSync(pinned)) return pinned;
  if (Number(process.versions.node.split(".")[0]) >= 24) return process.execPath;
  console.error(
    `Kiln runs on Node 24, and npm has none for ${process.platform} ${process.arch}.\nInstall Node 24 or later, then try again.`,
  );
  process.exit(1);
}

function run(node, nodeArgs) {
  const binDirectory = join(root, "node_modules", ".bin");
  const child = spawn(node, nodeArgs, {
    stdio: "inherit",
    env: { ...process.env, PATH: `${binDirectory}:${process.env.PATH ?? ""}` },
  });
  // Ctrl-C reaches the whole process group; a signal sent to this process alone must still reach the script.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => {
    console.error(`cannot run ${node}: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}
