import { existsSync } from "node:fs";
import { open, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { archiveEnding, formatOfName, refuseFormat } from "../shared/domain/archive-format.ts";
import { readArtifactKey } from "../shared/domain/keys.ts";
import { packDirectory } from "./archive.ts";
import { CommandFailure, nothingDone, wrongUsage } from "./failure.ts";
import { cacheDirectory } from "./kiln-directory.ts";
import { readSpecFile } from "./spec-file.ts";

/** A file that is ready to be pushed, and the key it is pushed under. */
export interface PreparedArtifact {
  file: string;
  key: string;
  service: string;
  version: string;
  /** It was made from a directory. */
  packed: boolean;
}

/**
 * Gets a file or directory ready to push as one version of a service. What is not said is looked for: the service in the
 * `kiln.yaml` beside or inside it, the version in the file's name or the directory's `VERSION`.
 * A directory's `VERSION`, where it has one, is packed with the version it is pushed as; its `kiln.yaml` is left out,
 * because the spec is applied by itself.
 * @throws {CommandFailure} when service or version cannot be told or make no key, or the file is no archive.
 */
export async function prepareArtifact(
  path: string,
  asked: { service?: string | undefined; version?: string | undefined },
): Promise<PreparedArtifact> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw wrongUsage(`There is no file or directory ${path}.`, "Name an archive, or a directory to pack.");
  const directory = found.isDirectory();
  const service = asked.service ?? (await serviceNear(directory ? path : dirname(path)));
  const version = asked.version ?? (directory ? await versionIn(path) : basename(path).replace(archiveEnding, ""));
  const ending = directory ? ".tar.gz" : archiveEnding.exec(path)?.[0];
  if (ending === undefined) {
    throw wrongUsage(`${path} is no .tar.gz, .tgz or .zip.`, "Name an archive, or a directory to pack.");
  }
  const key = `${service}/${version}${ending}`;
  const read = readArtifactKey(key);
  if (read.kind !== "production") {
    const why = read.kind === "unknown" ? read.reason : `it is the key of a ${read.kind}`;
    throw wrongUsage(`${key} is no key of an artifact: ${why}.`, "Say --service and --version.");
  }
  if (!directory) await refuseOtherFormats(path);
  const file = directory ? await pack(path, service, version) : path;
  return { file, key, service, version, packed: directory };
}

/**
 * Looks at the beginning of a file, so that a mistake is told before anything is sent; admission reads all of it.
 * @throws {CommandFailure} when its content is not what its name says.
 */
async function refuseOtherFormats(path: string): Promise<void> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0);
    const reason = refuseFormat(buffer.subarray(0, bytesRead), formatOfName(path) ?? "tar.gz");
    if (!reason) return;
    const what = `${path} is refused: ${reason}.`;
    const fix = "Build the archive again, or name a directory to pack.";
    throw new CommandFailure({ name: "ArtifactRefusedError", what, left: nothingDone, fix });
  } finally {
    await file.close();
  }
}

async function pack(directory: string, service: string, version: string): Promise<string> {
  const file = join(cacheDirectory(), "push", `${service}-${version}.tar.gz`);
  const replace: Record<string, string> = {};
  if (existsSync(join(directory, "VERSION"))) replace["VERSION"] = `${version}\n`;
  return (await packDirectory(directory, file, { exclude: ["kiln.yaml"], replace })).file;
}

async function serviceNear(directory: string): Promise<string> {
  const file = join(directory, "kiln.yaml");
  if (existsSync(file)) return (await readSpecFile(file)).service;
  throw wrongUsage(`It is not said which service this is, and there is no ${file}.`, "Say --service.");
}

async function versionIn(directory: string): Promise<string> {
  const version = (await readFile(join(directory, "VERSION"), "utf8").catch(() => "")).trim();
  if (version !== "") return version;
  throw wrongUsage(`It is not said which version this is, and ${directory} has no VERSION file.`, "Say --version.");
}
