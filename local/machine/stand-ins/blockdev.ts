import { chmodSync, statSync } from "node:fs";

/** blockdev of a machine in the embedded cloud, whose disks are plain files. Source of the options: blockdev(8). */
const commands: Readonly<Record<string, (file: string) => string>> = {
  "--setro": (file) => {
    chmodSync(file, 0o444);
    return "";
  },
  "--setrw": (file) => {
    chmodSync(file, 0o644);
    return "";
  },
  "--getro": (file) => `${statSync(file).mode & 0o200 ? 0 : 1}\n`,
  "--getsize64": (file) => `${statSync(file).size}\n`,
  "--getsz": (file) => `${statSync(file).size / 512}\n`,
};

const [option = "", file] = process.argv.slice(2);
const run = Object.hasOwn(commands, option) ? commands[option] : undefined;
if (!run || file === undefined) {
  process.stderr.write(
    `blockdev: the embedded cloud's has ${Object.keys(commands).join(", ")}, each with one device\n`,
  );
  process.exitCode = 1;
} else {
  try {
    process.stdout.write(run(file));
  } catch (error) {
    process.stderr.write(`blockdev: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
