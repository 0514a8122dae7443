/**
 * The format of a release volume: the small disk that carries a release's layers and artifact to an instance.
 *
 * Block 0 is the header, ASCII lines padded with NULs to one block; every part starts on a block boundary and its last
 * block is padded with zeros. Every block from 0 to `blockCount` is written, because blocks that were never written
 * read as random bytes on an encrypted volume (awslabs/coldsnap issue 395).
 *
 * ```
 * KILNVOL1
 * image <digest of the image's inputs>
 * start <base64 of the start command>
 * layer <name> <first block> <bytes> <sha256>
 * artifact <name> <first block> <bytes> <sha256>
 * end
 * ```
 *
 * The boot script reads this; `boot.sh` and this file change together.
 */

/** First line of every release volume; the boot script finds the volume by it, since device names promise nothing. */
export const volumeMagic = "KILNVOL1";

/** Unit: bytes. The only block size of EBS direct APIs (`DataLength` of PutSnapshotBlock must be 524288). */
export const blockBytes = 524_288;

/** More layers than a release can use; keeps the header far below one block. */
export const maxLayers = 20;

/** Unit: bytes of UTF-8. The start command becomes one line of a systemd unit, whose lines end at 1 MiB; 4 KiB is plenty. */
export const maxStartBytes = 4096;

/** Unit: bytes. A tar of more could not be unpacked on the root volumes Kiln makes; S3 itself ends at 5 TiB. */
export const maxPartBytes = 64 * 1024 ** 3;

/** The name of a layer is a directory on the instance and a word on PATH: no colon, no space, never `.` or `..`. */
export const layerNamePattern = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** The name of an artifact is shown to people only; it must be one word of the header. */
export const artifactNamePattern = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$/;

const digestPattern = /^[0-9a-f]{64}$/;
const gibBytes = 1024 ** 3;

/** One archive (`.tar.gz`) to put on the volume. */
export interface VolumePart {
  name: string;
  /** Length of the archive. Unit: bytes, at least 1. */
  bytes: number;
  /** SHA-256 of the archive, 64 lower-case hex digits. */
  sha256: string;
}

/** A part with its place. */
export interface PlacedPart extends VolumePart {
  kind: "layer" | "artifact";
  /** Index of its first block, counted from the start of the volume. */
  firstBlock: number;
  blockCount: number;
}

/** What a release volume is made from. */
export interface VolumeInput {
  /** Digest of everything the image contains, 64 lower-case hex digits. */
  image: string;
  /** The command line that starts the program, one line for bash. */
  start: string;
  /** In the order of PATH: the first layer's programs win. */
  layers: readonly VolumePart[];
  artifact: VolumePart;
}

/** Where everything is. */
export interface VolumeLayout {
  image: string;
  start: string;
  layers: readonly PlacedPart[];
  artifact: PlacedPart;
  /** All blocks that must be written, header included: `ChangedBlocksCount` of the snapshot. */
  blockCount: number;
  /** Unit: GiB, at least 1, the smallest EBS volume. */
  volumeGib: number;
}

/** Thrown when something cannot be a release volume; the message says which value and why. */
export class ReleaseVolumeError extends Error {
  override readonly name = "ReleaseVolumeError";
}

/**
 * Places the layers and the artifact on a volume. The same input always gives the same layout.
 * @throws {ReleaseVolumeError} a name, digest, size or command that the format or the boot script cannot carry.
 */
export function layOut(input: VolumeInput): VolumeLayout {
  checkInput(input);
  let nextBlock = 1;
  const place = (part: VolumePart, kind: PlacedPart["kind"]): PlacedPart => {
    const blockCount = Math.ceil(part.bytes / blockBytes);
    const placed = { kind, name: part.name, bytes: part.bytes, sha256: part.sha256, firstBlock: nextBlock, blockCount };
    nextBlock += blockCount;
    return placed;
  };
  const layers = input.layers.map((layer) => place(layer, "layer"));
  const artifact = place(input.artifact, "artifact");
  const volumeGib = Math.max(1, Math.ceil((nextBlock * blockBytes) / gibBytes));
  return { image: input.image, start: input.start, layers, artifact, blockCount: nextBlock, volumeGib };
}

/** The header block: exactly `blockBytes` bytes, the same for the same layout. */
export function encodeHeader(layout: VolumeLayout): Uint8Array {
  const lines = [
    volumeMagic,
    `image ${layout.image}`,
    `start ${Buffer.from(layout.start, "utf8").toString("base64")}`,
    ...[...layout.layers, layout.artifact].map(
      (part) => `${part.kind} ${part.name} ${part.firstBlock} ${part.bytes} ${part.sha256}`,
    ),
    "end",
  ];
  const block = new Uint8Array(blockBytes);
  block.set(Buffer.from(`${lines.join("\n")}\n`, "ascii"));
  return block;
}

/**
 * Reads a header back and checks that it is exactly the one its own content would be written as.
 * @throws {ReleaseVolumeError} when the block is no header of this format or says something it cannot mean.
 */
export function parseHeader(block: Uint8Array): VolumeLayout {
  if (block.length !== blockBytes) {
    throw new ReleaseVolumeError(`expected a header block of ${blockBytes} bytes, found ${block.length}`);
  }
  const end = block.indexOf(0);
  const lines = Buffer.from(block.subarray(0, end < 0 ? block.length : end))
    .toString("latin1")
    .split("\n");
  if (lines[0] !== volumeMagic) throw new ReleaseVolumeError(`the block does not begin with ${volumeMagic}`);

  const parts = lines.slice(3, -2).map(parsePart);
  const layout = layOut({
    image: wordAfter("image", lines[1]),
    start: Buffer.from(wordAfter("start", lines[2]), "base64").toString("utf8"),
    layers: parts.filter((part) => part.kind === "layer"),
    artifact: onlyArtifact(parts),
  });
  if (Buffer.compare(encodeHeader(layout), block) !== 0) {
    throw new ReleaseVolumeError("the header is not in the form this format writes");
  }
  return layout;
}

function parsePart(line: string): VolumePart & { kind: "layer" | "artifact" } {
  const [kind, name, , bytes, sha256, ...rest] = line.split(" ");
  const known = kind === "layer" || kind === "artifact";
  if (!known || name === undefined || bytes === undefined || sha256 === undefined || rest.length > 0) {
    throw new ReleaseVolumeError(`expected a layer or artifact line, found ${JSON.stringify(line.slice(0, 200))}`);
  }
  return { kind, name, bytes: Number(bytes), sha256 };
}

function onlyArtifact<P extends { kind: string }>(parts: readonly P[]): P {
  const artifacts = parts.filter((part) => part.kind === "artifact");
  const [artifact] = artifacts;
  if (artifact === undefined || artifacts.length > 1) {
    throw new ReleaseVolumeError(`expected one artifact line, found ${artifacts.length}`);
  }
  return artifact;
}

function wordAfter(key: string, line: string | undefined): string {
  if (!line?.startsWith(`${key} `)) throw new ReleaseVolumeError(`expected a line beginning with ${key}`);
  return line.slice(key.length + 1);
}

function checkInput(input: VolumeInput): void {
  if (!digestPattern.test(input.image)) {
    throw new ReleaseVolumeError(`expected the image digest as 64 hex digits, found ${JSON.stringify(input.image)}`);
  }
  checkStart(input.start);
  if (input.layers.length > maxLayers) {
    throw new ReleaseVolumeError(`expected at most ${maxLayers} layers, found ${input.layers.length}`);
  }
  const names = input.layers.map((layer) => layer.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new ReleaseVolumeError(`layer ${twice} is named twice`);
  for (const layer of input.layers) checkPart("layer", layer, layerNamePattern);
  checkPart("artifact", input.artifact, artifactNamePattern);
}

function checkStart(start: string): void {
  if (start.trim() === "") throw new ReleaseVolumeError("the start command is empty");
  // A line break would end the line of the systemd unit that the command becomes, and let it add directives.
  if (/\p{Cc}/u.test(start))
    throw new ReleaseVolumeError("the start command contains a line break or control character");
  const bytes = Buffer.byteLength(start, "utf8");
  if (bytes > maxStartBytes) {
    throw new ReleaseVolumeError(`expected a start command of at most ${maxStartBytes} bytes, found ${bytes}`);
  }
}

function checkPart(kind: string, part: VolumePart, pattern: RegExp): void {
  if (!pattern.test(part.name)) {
    throw new ReleaseVolumeError(`expected a ${kind} name like ${pattern.source}, found ${JSON.stringify(part.name)}`);
  }
  if (!Number.isSafeInteger(part.bytes) || part.bytes < 1 || part.bytes > maxPartBytes) {
    throw new ReleaseVolumeError(
      `expected ${kind} ${part.name} to have 1 to ${maxPartBytes} bytes, found ${part.bytes}`,
    );
  }
  if (!digestPattern.test(part.sha256)) {
    throw new ReleaseVolumeError(`expected the SHA-256 of ${kind} ${part.name} as 64 hex digits`);
  }
}
