import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { CommandFailure } from "../failure.ts";
import { projectDirectory } from "../kiln-directory.ts";
import { whileLocked } from "./file-lock.ts";

/** Packages that were made here, each in a directory named by the digest of its sources. */
const packages = join(projectDirectory, ".kiln", "package");
/** Where osls writes; only whoever holds the lock lets it write there. */
const workDirectory = join(projectDirectory, ".serverless");
/** Packages kept; older ones were made from sources that are gone. */
const keptPackages = 5;

/** A deployable package: template, state and one archive for each function. */
export interface Package {
  directory: string;
  /** It had to be made; otherwise one from the same sources was there. */
  made: boolean;
}

/** Everything that the package is made from. */
const sources = [
  "functions",
  "shared",
  "boot",
  "statemachines",
  "infrastructure",
  "serverless.yml",
  "scripts/bundling.config.ts",
  "scripts/lambda-credentials.ts",
  "package-lock.json",
];

/**
 * The deployable package of a stage, made unless one from the same sources is there. What is made is never changed again,
 * so that several clouds can be started from one checkout at the same time.
 */
export async function ensurePackage(stage: string): Promise<Package> {
  const directory = join(packages, await stampOf(projectDirectory, stage));
  if (existsSync(directory)) return { directory, made: false };
  await mkdir(packages, { recursive: true });
  return whileLocked(join(packages, "lock"), async () => {
    if (existsSync(directory)) return { directory, made: false };
    await makePackage(stage);
    const partial = `${directory}.part`;
    await rm(partial, { recursive: true, force: true });
    await cp(workDirectory, partial, { recursive: true });
    await rename(partial, directory);
    await forgetOldPackages();
    return { directory, made: true };
  });
}

async function forgetOldPackages(): Promise<void> {
  const names = (await readdir(packages)).filter((name) => name !== "lock");
  const dated = await Promise.all(
    names.map(async (name) => ({ name, ms: (await stat(join(packages, name))).mtimeMs })),
  );
  const old = dated.sort((a, b) => b.ms - a.ms).slice(keptPackages);
  await Promise.all(old.map(({ name }) => rm(join(packages, name), { recursive: true, force: true })));
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
