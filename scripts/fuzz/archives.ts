import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { inspectArchive } from "../../shared/archive-inspection.ts";
import { mutated, mutation } from "./mutations.ts";
import type { Outcomes } from "./outcomes.ts";
import { inChunks, paxRecord, rawEntry } from "./sample-archives.ts";

/** Names that tell something apart: plain, climbing, absolute, colliding, empty, long. */
const name = fc.oneof(
  fc.constantFrom("a", "A", "a/b", "a/b/c", "./a", "../a", "/a", "a/../b", "Procfile", "", ".", "d/", "é", "e\u0301"),
  fc.string({ maxLength: 120 }),
);
const content = fc.oneof(fc.constant(""), fc.string({ maxLength: 1500 }), fc.constant("web: node x\n"));

/** An ordinary file, so that some archives are accepted and what is odd does not always come first. */
const plainEntry = fc
  .tuple(fc.stringMatching(/^[a-z]{3,8}(\/[a-z]{3,8})?$/), content)
  .map(([path, text]) => rawEntry(path, "0", text));

/** An entry of any type flag, with or without an extended header before it. */
const oddEntry = fc
  .record({
    name,
    type: fc.oneof(fc.constantFrom("0", "1", "2", "5", "x", "g", "L", "K", "S", "3"), fc.string({ maxLength: 1 })),
    content,
    pax: fc.option(fc.tuple(fc.constantFrom("path", "linkpath", "size", "comment", "GNU.sparse.name"), name)),
  })
  .map((made) => {
    const extension = made.pax ? [rawEntry("pax", "x", paxRecord(...made.pax))] : [];
    return Buffer.concat([...extension, rawEntry(made.name, made.type || "\0", made.content)]);
  });

const entry = fc.oneof({ weight: 4, arbitrary: plainEntry }, { weight: 1, arbitrary: oddEntry });

const end = Buffer.alloc(1024);

/** Archives made of odd entries, damaged before compression, after it, or not at all; and plain bytes. */
const archive = fc.oneof(
  {
    weight: 9,
    arbitrary: fc
      .tuple(
        fc.array(entry, { maxLength: 8 }),
        fc.array(mutation, { maxLength: 2 }),
        fc.array(mutation, { maxLength: 1 }),
      )
      .map(([entries, inside, outside]) =>
        outside.reduce(mutated, gzipSync(inside.reduce(mutated, Buffer.concat([...entries, end])))),
      ),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)) },
);

/** Any bytes are inspected or refused by name; whatever is accepted stays inside its own tree. */
export function archiveProperty(outcomes: Outcomes) {
  return fc.asyncProperty(archive, fc.integer({ min: 1, max: 5000 }), async (bytes, chunkBytes) => {
    await outcomes.timed(async () => {
      try {
        const found = await inspectArchive(inChunks(bytes, chunkBytes), { name: "a.tgz", caseCollisions: "refuse" });
        if (found.bytes !== bytes.length) throw new Error(`${found.bytes} of ${bytes.length} bytes were counted`);
        return "accepted";
      } catch (error) {
        if (error instanceof Error && error.name === "ArtifactRefusedError") return error.name;
        throw error;
      }
    });
  });
}
