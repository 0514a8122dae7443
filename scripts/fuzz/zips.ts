import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { ByteReader } from "../../shared/byte-reader.ts";
import { readTar } from "../../shared/tar-reader.ts";
import { inspectZip } from "../../shared/zip-inspection.ts";
import { decodeRecipe, RepackedZip } from "../../shared/zip-recipe.ts";
import { mutated, mutation } from "./mutations.ts";
import type { Outcomes } from "./outcomes.ts";
import { inChunks } from "./sample-archives.ts";
import { rangesOf, type ZipFileEntry, zipOf } from "./sample-zips.ts";

const content = fc.oneof(fc.constant(""), fc.string({ maxLength: 1500 }), fc.constant("web: node x\n"));

/** Mostly ordinary, so that some archives are accepted and what is odd does not always come first. */
const entry: fc.Arbitrary<ZipFileEntry> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      name: fc.stringMatching(/^[a-z]{3,8}(\/[a-z]{3,8})?$/),
      content,
      method: fc.constantFrom(0, 8),
      zip64: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      name: fc.stringMatching(/^[a-z]{3,8}$/),
      content,
      descriptor: fc.constantFrom("signed", "unsigned", "zip64"),
      mode: fc.constantFrom(0, 0o100_644, 0o100_755, 0o120_777, 0o040_755),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      name: fc.oneof(fc.constantFrom("a", "A", "../a", "/a", "a/../b", "", "a\\b", "d/"), fc.string({ maxLength: 60 })),
      content,
      mode: fc.integer({ min: 0, max: 0xffff }),
      method: fc.constantFrom(0, 8, 9, 99),
      flags: fc.integer({ min: 0, max: 0xffff }),
      listed: fc.record({ bytes: fc.nat(5000), offset: fc.nat(5000), crc32: fc.nat() }, { requiredKeys: [] }),
      behind: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    }),
  },
);

const ends = fc.record(
  { zip64: fc.boolean(), comment: fc.string({ maxLength: 20 }), entryCount: fc.nat(6) },
  { requiredKeys: [] },
);

/** Archives of ordinary and odd entries, damaged or not; and plain bytes behind the beginning of a zip. */
const zip = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .tuple(fc.array(entry, { maxLength: 6 }), fc.option(ends, { freq: 4 }), fc.array(mutation, { maxLength: 1 }))
      .map(([entries, end, changes]) => changes.reduce(mutated, zipOf(entries, end ?? {}))),
  },
  {
    weight: 1,
    arbitrary: fc
      .uint8Array({ maxLength: 2000 })
      .map((bytes) => Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), bytes])),
  },
);

/**
 * Any bytes are inspected or refused by name; what is accepted can be made again from its recipe, byte for byte, and
 * holds one entry of tar for each of the zip.
 */
export function zipProperty(outcomes: Outcomes) {
  return fc.asyncProperty(zip, fc.integer({ min: 1, max: 5000 }), async (bytes, chunkBytes) => {
    await outcomes.timed(async () => {
      try {
        const found = await inspectZip(rangesOf(bytes, chunkBytes), bytes.length, {
          name: "a.zip",
          caseCollisions: "refuse",
        });
        const entries = decodeRecipe(found.recipe);
        const again = new RepackedZip(entries, rangesOf(bytes), bytes.length).range(0, found.bytes - 1);
        const chunks: Uint8Array[] = [];
        for await (const chunk of again) chunks.push(chunk);
        const archive = Buffer.concat(chunks);
        if (archive.length !== found.bytes)
          throw new Error(`${archive.length} of ${found.bytes} bytes were made again`);
        let count = 0;
        for await (const _ of readTar(new ByteReader(inChunks(gunzipSync(archive))))) count += 1;
        if (count !== entries.length) throw new Error(`${count} of ${entries.length} entries were repacked`);
        return "accepted";
      } catch (error) {
        if (error instanceof Error && error.name === "ArtifactRefusedError") return error.name;
        throw error;
      }
    });
  });
}
