import { describe, expect, it } from "vitest";
import { environmentLines, expandSpecifiers, expandVariables, words } from "../../../local/machine/command-words.ts";
import { parseUnit, timeSpan } from "../../../local/machine/unit-file.ts";

describe("words of a command line", () => {
  it.each([
    ["a b  c", ["a", "b", "c"]],
    [`/bin/bash -c "exec node 'my app.js'"`, ["/bin/bash", "-c", "exec node 'my app.js'"]],
    [`'single "inside"' x`, [`single "inside"`, "x"]],
    [String.raw`"a \"quoted\" \\ word"`, [String.raw`a "quoted" \ word`]],
    [String.raw`tab\tx\x41\101`, ["tab\txAA"]],
    [`A="b c"d`, ["A=b cd"]],
    ["", []],
  ])("are split like systemd does: %s", (text, expected) => {
    expect(words(text)).toEqual(expected);
  });

  it("with a quote that does not end are refused", () => {
    expect(() => words(`"open`)).toThrow(SyntaxError);
  });
});

it("puts variables in: in braces within a word, without braces as words of their own, and doubled dollars as one", () => {
  const environment = { PORT: "8080", FLAGS: "-a  -b" };
  expect(expandVariables(["--port=$" + "{PORT}", "$FLAGS", "$$PORT", "x$PORT", "$" + "{NONE}"], environment)).toEqual([
    "--port=8080",
    "-a",
    "-b",
    "$PORT",
    "x$PORT",
    "",
  ]);
});

it("expands the specifiers it knows and leaves others", () => {
  expect(expandSpecifiers("100%% of %n, %N, %i", "kiln.service")).toBe("100% of kiln.service, kiln, %i");
});

it("reads an environment file as a shell would quote it", () => {
  const text = `# comment\nA=plain\nB="it's \\"here\\" \\$HOME"\nC='raw \\n'\n\nnot an assignment\n`;
  expect(environmentLines(text)).toEqual({ A: "plain", B: `it's "here" $HOME`, C: "raw \\n" });
});

it.each([
  ["90", 90_000],
  ["1min 30s", 90_000],
  ["250ms", 250],
  ["infinity", Number.POSITIVE_INFINITY],
])("reads the time span %s", (text, expected) => {
  expect(timeSpan(text)).toBe(expected);
});

describe("a unit file", () => {
  it("gives its directives, with systemd's defaults for what it leaves out", () => {
    const unit = parseUnit(
      "web.service",
      "[Unit]\nDescription=a web\n[Service]\nExecStart=/bin/sh -c \\\n  'exec x'\nEnvironment=A=1 \"B=2 3\"\nEnvironment=C=4\n",
    );
    expect(unit).toMatchObject({
      description: "a web",
      start: ["/bin/sh", "-c", "exec x"],
      environment: { A: "1", B: "2 3", C: "4" },
      restart: "no",
      restartMs: 100,
      stopMs: 90_000,
      killSignal: "SIGTERM",
      killMode: "control-group",
      startLimitMs: 10_000,
      startLimitBurst: 5,
      toConsole: false,
      unknown: [],
    });
  });

  it("accepts sandboxing without effect, and names what it does not know", () => {
    const unit = parseUnit("web.service", "[Service]\nProtectSystem=strict\nDynamicUser=yes\nTypo=1\n");
    expect(unit.unknown).toEqual(["Typo=1"]);
  });

  it("forgets a list when it is assigned nothing", () => {
    const unit = parseUnit("web.service", "[Service]\nEnvironment=A=1\nEnvironment=\nEnvironment=B=2\n");
    expect(unit.environment).toEqual({ B: "2" });
  });

  it("is refused with a line that is none, or a signal that does not exist", () => {
    expect(() => parseUnit("web.service", "[Service]\nnonsense\n")).toThrow("web.service: not an assignment: nonsense");
    expect(() => parseUnit("web.service", "[Service]\nKillSignal=SIGNOPE\n")).toThrow("no such signal");
  });
});
