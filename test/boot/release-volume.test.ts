import { expect, test } from "vitest";
import { blockBytes, encodeHeader, layOut, parseHeader, type VolumeInput } from "../../boot/release-volume.ts";

const digest = (letter: string) => letter.repeat(64);

function release(change: Partial<VolumeInput> = {}): VolumeInput {
  return {
    image: digest("1"),
    start: "node server.js --port $PORT",
    layers: [
      { name: "node-24", bytes: blockBytes + 1, sha256: digest("a") },
      { name: "agent", bytes: blockBytes, sha256: digest("b") },
    ],
    artifact: { name: "1.2.0.tar.gz", bytes: 10, sha256: digest("c") },
    ...change,
  };
}

test("starts every part on a block boundary, the artifact last", () => {
  const layout = layOut(release());
  expect([...layout.layers, layout.artifact].map((part) => [part.name, part.firstBlock, part.blockCount])).toEqual([
    ["node-24", 1, 2],
    ["agent", 3, 1],
    ["1.2.0.tar.gz", 4, 1],
  ]);
  expect(layout.blockCount).toBe(5);
  expect(layout.volumeGib).toBe(1);
});

test("asks for the next whole GiB when header and parts do not fit in one", () => {
  const gib = 1024 ** 3;
  const artifact = (bytes: number) => ({ name: "a.tgz", bytes, sha256: digest("c") });
  expect(layOut(release({ layers: [], artifact: artifact(gib - blockBytes) })).volumeGib).toBe(1);
  expect(layOut(release({ layers: [], artifact: artifact(gib - blockBytes + 1) })).volumeGib).toBe(2);
});

test("writes the header that the boot script reads", () => {
  const header = encodeHeader(layOut(release()));
  expect(header.length).toBe(blockBytes);
  const text = Buffer.from(header).toString("ascii");
  expect(text.slice(0, text.indexOf("\0"))).toBe(
    [
      "KILNVOL1",
      `image ${digest("1")}`,
      "start bm9kZSBzZXJ2ZXIuanMgLS1wb3J0ICRQT1JU",
      `layer node-24 1 524289 ${digest("a")}`,
      `layer agent 3 524288 ${digest("b")}`,
      `artifact 1.2.0.tar.gz 4 10 ${digest("c")}`,
      "end",
      "",
    ].join("\n"),
  );
  expect(/^\0+$/.test(text.slice(text.indexOf("\0")))).toBe(true);
});

test("reads back what it wrote, start command in any language included", () => {
  const layout = layOut(release({ start: "node 'größe wählen.js' \"$PORT\"" }));
  expect(parseHeader(encodeHeader(layout))).toEqual(layout);
});

test.each([
  ["another magic", "KILNVOL1", "KILNVOL2"],
  ["a part that is not where the layout puts it", "agent 3 ", "agent 4 "],
  ["a second artifact", "layer agent 3", "artifact a 3"],
  ["no end", "\nend\n", "\nfoo\n"],
  ["a digest that is none", digest("a"), digest("g")],
])("refuses a header with %s", (_, from, to) => {
  const text = Buffer.from(encodeHeader(layOut(release())))
    .toString("latin1")
    .replace(from, to);
  const block = Buffer.from(text.slice(0, blockBytes).padEnd(blockBytes, "\0"), "latin1");
  expect(() => parseHeader(block)).toThrow(expect.objectContaining({ name: "ReleaseVolumeError" }));
});

test("refuses a header with anything after its end", () => {
  const block = encodeHeader(layOut(release()));
  block[blockBytes - 1] = 1;
  expect(() => parseHeader(block)).toThrow("not in the form");
});

const layer = { name: "node-24", bytes: 1, sha256: digest("a") };
test.each<[string, Partial<VolumeInput>, string]>([
  ["a layer name that leaves its directory", { layers: [{ ...layer, name: ".." }] }, 'found ".."'],
  ["a layer name that would split PATH", { layers: [{ ...layer, name: "a:b" }] }, 'found "a:b"'],
  ["two layers of one name", { layers: [layer, layer] }, "layer node-24 is named twice"],
  [
    "too many layers",
    { layers: Array.from({ length: 21 }, (_, i) => ({ ...layer, name: `l${i}` })) },
    "at most 20 layers",
  ],
  ["an empty part", { layers: [{ ...layer, bytes: 0 }] }, "found 0"],
  ["an empty start command", { start: "  " }, "start command is empty"],
  ["a start command that would add lines to the unit", { start: "node x\nExecStartPre=rm" }, "line break"],
  ["a start command of a novel's length", { start: "x".repeat(4097) }, "at most 4096 bytes, found 4097"],
  ["an image digest that is none", { image: "latest" }, 'found "latest"'],
])("refuses %s", (_, change, message) => {
  expect(() => layOut(release(change))).toThrow(message);
});
