import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { completionScript } from "../../cli/completion.ts";
import { kilnProgram } from "../../cli/program.ts";

const nowhere = { write() {} };
const program = kilnProgram({ stdout: nowhere, stderr: nowhere, setExitCode() {} });

/** What bash would offer for the last of these words. */
function offered(...words: string[]): string[] {
  const script = `${completionScript(program, "bash")}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}
_kiln; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const ran = spawnSync("bash", ["--norc"], { input: script, encoding: "utf8" });
  expect(ran.stderr).toBe("");
  return ran.stdout.split("\n").filter((line) => line !== "");
}

test("bash offers commands, further commands, options and choices", () => {
  expect(offered("kiln", "rel")).toEqual(["releases"]);
  expect(offered("kiln", "releases", "sh")).toEqual(["show"]);
  expect(offered("kiln", "service", "")).toContain("apply");
  expect(offered("kiln", "logs", "web", "--fo")).toEqual(["--follow"]);
  expect(offered("kiln", "logs", "web", "--source", "")).toEqual(["machine", "instances", "probes", "functions"]);
  expect(offered("kiln", "status", "--st")).toEqual(["--stage"]);
});

test("bash offers nothing of one command after another", () => {
  expect(offered("kiln", "logs", "--dry")).toEqual([]);
});

test("zsh uses bash's completion, fish has its own, with what each means", () => {
  expect(completionScript(program, "zsh")).toContain("bashcompinit");
  const fish = completionScript(program, "fish");
  expect(fish).toContain("-n '__fish_use_subcommand' -a doctor -d ");
  expect(fish).toContain("-l source -d 'only this source; left out: all' -x -a 'machine instances probes functions'");
});
