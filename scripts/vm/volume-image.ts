import { createHash } from "node:crypto";
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { blockBytes, encodeHeader, layOut, type VolumeLayout } from "../../boot/release-volume.ts";

/** The archives of a release as files on this machine. */
export interface ReleaseFiles {
  start: string;
  layers: readonly { name: string; file: string }[];
  artifact: { name: string; file: string };
}

/** Writes a release volume as a disk image, block for block as the bake writes a snapshot. */
export function writeVolumeImage(
  imageFile: string,
  files: ReleaseFiles,
): { layout: VolumeLayout; headerSha256: string } {
  const read = (part: { name: string; file: string }) => ({ name: part.name, content: readFileSync(part.file) });
  const parts = [...files.layers.map(read), read(files.artifact)];
  const measured = parts.map(({ name, content }) => ({ name, bytes: content.length, sha256: sha256(content) }));
  const artifact = measured.at(-1);
  if (artifact === undefined) throw new Error("a release has an artifact");
  const layout = layOut({
    image: sha256(Buffer.from(JSON.stringify(measured))),
    start: files.start,
    layers: measured.slice(0, -1),
    artifact,
  });
  const header = encodeHeader(layout);

  const disk = openSync(imageFile, "w");
  try {
    writeSync(disk, header, 0, blockBytes, 0);
    for (const [index, placed] of [...layout.layers, layout.artifact].entries()) {
      const padded = Buffer.alloc(placed.blockCount * blockBytes);
      parts[index]?.content.copy(padded);
      writeSync(disk, padded, 0, padded.length, placed.firstBlock * blockBytes);
    }
  } finally {
    closeSync(disk);
  }
  return { layout, headerSha256: sha256(header) };
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
