import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "./documents/document.ts";

/** The other version of Node that must simulate the same. Installed on first use only, beside the project's own packages. */
const otherVersion = "22.23.3";

const usage = "usage: node scripts/same-hash.ts [seeds]";

/**
 * Simulates the same seeds on this Node and on Node 22, and compares the hashes of all that happened.
 * @throws {Error} when npm has no Node for this platform, or a simulation fails.
 */
function main([seeds = "20"]: readonly string[]): number {
  if (!/^\d+$/.test(seeds)) {
    console.error(usage);
    return 2;
  }
  const hashes = [process.execPath, otherNode()].map((node) => hashOf(node, seeds));
  const isSame = new Set(hashes).size === 1;
  console.log(hashes.join("\n"));
  console.log(isSame ? "1 passed, 0 failed" : "0 passed, 1 failed");
  return isSame ? 0 : 1;
}

function otherNode(): string {
  const name = `node-${process.platform}-${process.arch}`;
  const directory = join(projectRoot, ".kiln", "cache", `node-${otherVersion}`);
  const node = join(directory, "node_modules", name, "bin", "node");
  if (existsSync(node)) return node;
  const asked = ["install", "--no-audit", "--no-fund", "--prefix", directory, `${name}@${otherVersion}`];
  const { status } = spawnSync("npm", asked, { stdio: ["ignore", 2, 2] });
  if (status !== 0 || !existsSync(node)) throw new Error(`npm could not install ${name}@${otherVersion}`);
  return node;
}

function hashOf(node: string, seeds: string): string {
  const asked = [join(projectRoot, "scripts", "simulate.ts"), "--seeds", seeds, "--json"];
  const { status, stdout } = spawnSync(node, asked, {
    cwd: projectRoot,
    stdio: ["ignore", "pipe", 2],
    encoding: "utf8",
  });
  const summary: unknown = status === 0 ? JSON.parse(stdout.trim().split("\n").at(-1) ?? "") : undefined;
  if (summary && typeof summary === "object" && "hash" in summary) return String(summary.hash);
  throw new Error(`${node} could not simulate ${seeds} seeds`);
}

process.exitCode = main(process.argv.slice(2));
