import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";

const packed = new Map<string, Promise<Uint8Array>>();

/** A small artifact whose bytes depend on its version alone. */
export function artifactOf(version: string): Promise<Uint8Array> {
  let found = packed.get(version);
  if (!found) {
    found = packArtifact(version);
    packed.set(version, found);
  }
  return found;
}

async function packArtifact(version: string): Promise<Uint8Array> {
  const tar = pack();
  const common = { mtime: new Date(0), mode: 0o644 };
  tar.entry({ ...common, name: "Procfile" }, "web: ./server\n");
  tar.entry({ ...common, name: "VERSION" }, `${version}\n`);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) chunks.push(chunk as Buffer);
  return gzipSync(Buffer.concat(chunks));
}
