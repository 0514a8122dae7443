import { expect, test } from "vitest";
import { parseSpecText, readSpecFile } from "../../cli/spec-file.ts";

const valid = `service: web
capacity: { min: 2, max: 4 }
healthCheck:
  path: /health
`;

test("reads a spec of a few lines and fills in the rest", () => {
  const read = parseSpecText(valid);
  expect("spec" in read && read.spec).toMatchObject({ service: "web", port: 8080, base: "al2023", drainSeconds: 30 });
});

test("tells every problem at once, each with the line it stands on", () => {
  const text = `# the web service
service: Web_1
layers: [node-24, "Bad Name"]
prot: 8080
capacity:
  min: 1
  max: 0
  mx: 3
healthCheck:
  path: health
`;
  expect(parseSpecText(text)).toEqual({
    problems: [
      { line: 2, message: "service: must be 2–24 lower-case letters, digits or dashes" },
      { line: 3, message: "layers.1: must be a layer name" },
      { line: 4, message: 'Unrecognized key: "prot"' },
      { line: 7, message: "capacity.max: Too small: expected number to be >=1" },
      { line: 8, message: 'capacity: Unrecognized key: "mx"' },
      { line: 10, message: "healthCheck.path: must start with / and hold no spaces" },
    ],
  });
});

test("points a missing key to what should hold it", () => {
  const read = parseSpecText("service: web\ncapacity:\n  min: 1\nhealthCheck:\n  path: /\n");
  expect(read).toEqual({
    problems: [{ line: 2, message: "capacity.max: Invalid input: expected number, received undefined" }],
  });
});

test("finds contradictions between keys at the key to change", () => {
  expect(parseSpecText(valid.replace("max: 4", "max: 1"))).toEqual({
    problems: [{ line: 2, message: "capacity.max: is 1, below capacity.min 2" }],
  });
});

test("tells where the text is no YAML", () => {
  expect(parseSpecText("service: web\nservice: two\n")).toEqual({
    problems: [{ line: 2, message: "Map keys must be unique" }],
  });
  expect(parseSpecText("a: [1,\n")).toHaveProperty("problems.0.line");
  expect(parseSpecText("service: web\n? [a, b]\n: 1\n")).toMatchObject({
    problems: [{ line: 2, message: expect.stringContaining("keys must be strings") }],
  });
});

test.each(["", "- web", "web", "3"])("refuses %j, which is no mapping", (text) => {
  expect(parseSpecText(text)).toHaveProperty("problems.0.line", 1);
});

test("refuses aliases that would grow without end", () => {
  const levels = Array.from({ length: 12 }, (_, index) => {
    const inner =
      index === 0
        ? '"x"'
        : Array(9)
            .fill(`*a${index - 1}`)
            .join(",");
    return `a${index}: &a${index} [${inner}]`;
  });
  expect(parseSpecText(`${levels.join("\n")}\n`)).toEqual({
    problems: [{ line: 1, message: "Excessive alias count indicates a resource exhaustion attack" }],
  });
});

test("names a file that cannot be read, and says that nothing was done", async () => {
  await expect(readSpecFile("no/such/kiln.yaml")).rejects.toMatchObject({
    message: "no/such/kiln.yaml cannot be read: ENOENT.",
    left: "Nothing was done.",
    exitCode: 1,
  });
});
