import { readFile, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type WrittenArchive, writeArchive } from "./archive.ts";

/** Processor architectures as npm's `node-linux-*` packages name them. */
export type NodeArchitecture = "x64" | "arm64";

/** A layer with the Node runtime. */
export interface NodeLayer extends Omit<WrittenArchive, "sha256"> {
  /** Name to push it under, for example `node-24`. */
  name: string;
  /** For example `24.21.0`. */
  version: string;
}

/** Thrown when the runtime is not installed here. */
export class NodeLayerError extends Error {
  override readonly name = "NodeLayerError";
}

/**
 * Makes the layer that gives a program Node, from the npm package Kiln itself runs on: `bin/node` and its licence, which
 * is all Node needs. About 50 MB; made once and kept in `cacheDirectory`.
 * @throws {NodeLayerError} when the package for this architecture is not installed: npm installs the one of the machine it runs on.
 */
export async function nodeLayer(
  cacheDirectory: string,
  architecture: NodeArchitecture = process.arch === "arm64" ? "arm64" : "x64",
): Promise<NodeLayer> {
  const source = packageDirectory(architecture);
  const { version } = JSON.parse(await readFile(join(source, "package.json"), "utf8")) as { version: string };
  const name = `node-${version.split(".")[0]}`;
  const file = join(cacheDirectory, `node-${version}-linux-${architecture}.tar.gz`);

  const cached = await stat(file).catch(() => undefined);
  if (cached) return { name, version, file, bytes: cached.size };

  const binary = join(source, "bin", "node");
  const written = await writeArchive(
    [
      { path: "bin", kind: "directory" },
      {
        path: "bin/node",
        kind: "file",
        executable: true,
        content: { file: binary, bytes: (await stat(binary)).size },
      },
      {
        path: "LICENSE",
        kind: "file",
        executable: false,
        content: await readFile(join(source, "LICENSE")),
      },
    ],
    file,
    // Level 1 is a third larger than the default and several times as fast; the layer is pushed and baked once.
    1,
  );
  return { name, version, file, bytes: written.bytes };
}

function packageDirectory(architecture: NodeArchitecture): string {
  const packageName = `node-linux-${architecture}`;
  try {
    return dirname(createRequire(import.meta.url).resolve(`${packageName}/package.json`));
  } catch (cause) {
    throw new NodeLayerError(
      `the npm package ${packageName} is not installed; it comes with npm ci on Linux ${architecture}`,
      { cause },
    );
  }
}
