import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { CommandFailure } from "../failure.ts";
import { projectDirectory } from "../kiln-directory.ts";

/** Where packaging writes; the stamp lies beside what it vouches for and goes with it. */
export const packageDirectory = join(projectDirectory, ".serverless");
const stampFile = join(packageDirectory, "kiln-package.stamp");
const template = join(packageDirectory, "cloudformation-template-update-stack.json");

/** Everything that the package is made from. */
const sources = [
  "functions",
  "shared",
  "boot",
  "statemachines",
  "infrastructure",
  "serverless.yml",
  "package-lock.json",
];

/**
 * Makes the deployable package unless the one that is there was made from the same sources for the same stage.
 * @returns Whether it had to be made.
 */
export async function ensurePackage(stage: string): Promise<boolean> {
  const stamp = await stampOf(projectDirectory, stage);
  const present = await readFile(stampFile, "utf8").catch(() => "");
  if (present === stamp && existsSync(template)) return false;
  await makePackage(stage);
  await writeFile(stampFile, stamp);
  return true;
}

/** A digest of the sources' names and bytes, and of the stage they are packaged for. */
export async function stampOf(root: string, stage: string): Promise<string> {
  const hash = createHash("sha256").update(stage);
  for (const source of sources) await addTo(hash, root, source);
  return hash.digest("hex");
}

async function addTo(hash: ReturnType<typeof createHash>, root: string, path: string): Promise<void> {
  const entries = await readdir(join(root, path), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOTDIR") return undefined;
    throw error;
  });
  if (!entries) {
    hash.update(`\0${path}\0`).update(await readFile(join(root, path)));
    return;
  }
  for (const name of entries.map((entry) => entry.name).sort()) await addTo(hash, root, `${path}/${name}`);
}

/** As `npm run package` does, its words kept for the case that it fails. */
async function makePackage(stage: string): Promise<void> {
  const child = spawn(process.execPath, [join(projectDirectory, "scripts", "package.ts"), "--stage", stage], {
    cwd: projectDirectory,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      PATH: [join(projectDirectory, "node_modules", ".bin"), process.env["PATH"]].join(delimiter),
    },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      said = (said + chunk.toString("utf8")).slice(-8_192);
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code === 0) return;
  throw new CommandFailure({
    name: "PackagingFailed",
    what: `Packaging ended with code ${code}.`,
    details: said.trim().split("\n").slice(-15),
    left: "Nothing was deployed.",
    fix: `Mend what it names; npm run package -- --stage ${stage} shows all of it.`,
  });
}
