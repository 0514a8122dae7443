import { type Inspection, type InspectionOptions, inspectArchive, refused } from "./archive-inspection.ts";
import { refuseFormat } from "./domain/archive-format.ts";
import { refuseTotals } from "./domain/archive-rules.ts";
import { ZipProblem } from "./domain/zip-entry.ts";
import type { ReadRange } from "./range-reader.ts";
import { readZipDirectory } from "./zip-directory.ts";
import { encodeRecipe } from "./zip-recipe.ts";
import { ZipRepacking } from "./zip-repacking.ts";

/** What reading a zip archive found: what is baked of it, and the zip itself. */
export interface ZipInspection extends Inspection {
  zip: {
    /** Unit: bytes as pushed. */
    bytes: number;
    /** Hex SHA-256 as pushed. */
    sha256: string;
  };
  /** How to repack any part of it again. */
  recipe: Uint8Array;
}

/** Unit: bytes at the beginning of a file that tell its format. */
const headBytes = 512;

/**
 * Reads a zip by its directory, then as the `.tar.gz` it is baked as. So the rules for what is inside are the same as
 * for what was pushed as `.tar.gz`, and what is inspected is, byte for byte, what servers unpack.
 * @throws {ArtifactRefusedError} naming the entry and the reason.
 */
export async function inspectZip(
  read: ReadRange,
  totalBytes: number,
  options: InspectionOptions,
): Promise<ZipInspection> {
  try {
    return await inspect(read, totalBytes, options);
  } catch (error) {
    if (error instanceof ZipProblem) throw refused(options.name, error.message);
    throw error;
  }
}

async function inspect(read: ReadRange, totalBytes: number, options: InspectionOptions): Promise<ZipInspection> {
  const head: Uint8Array[] = [];
  if (totalBytes > 0) {
    for await (const chunk of await read(0, Math.min(totalBytes, headBytes) - 1)) head.push(chunk);
  }
  const wrongFormat = refuseFormat(Buffer.concat(head), "zip");
  if (wrongFormat) throw new ZipProblem(wrongFormat);
  const directory = await readZipDirectory(read, totalBytes);
  const { entries } = directory;
  if (entries.length === 0) throw new ZipProblem("it is empty: the archive has no entries");
  // What the directory admits to is refused before anything is unpacked; what it hides is found while unpacking.
  const unpackedBytes = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  const tooMuch = refuseTotals({ packedBytes: totalBytes, unpackedBytes, entries: entries.length });
  if (tooMuch) throw new ZipProblem(tooMuch);

  const repacking = new ZipRepacking(read, totalBytes, directory);
  // The tar is of our making: it can be damaged only where a content is longer than the directory says.
  const unsound = "an entry unpacks to another size than the archive's directory says";
  const found = await inspectArchive(repacking.bytes(), { ...options, unsound });
  return {
    ...found,
    zip: { bytes: totalBytes, sha256: repacking.sha256() },
    recipe: encodeRecipe(repacking.entries),
  };
}
