import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { commandsIn } from "./shell-commands.ts";

const manifest: {
  bases: Record<string, { source: string }>;
  commands: Record<string, Record<string, string>>;
} = JSON.parse(readFileSync("boot/base-commands.json", "utf8"));

function foreignCommands(script: string): string[] {
  const builtins = new Set(execFileSync("bash", ["-c", "compgen -b"], { encoding: "utf8" }).trim().split("\n"));
  const { commands, functions } = commandsIn(script);
  return [...commands].filter((name) => !builtins.has(name) && !functions.has(name)).sort();
}

test("the boot script runs only commands that every supported base ships", () => {
  const used = foreignCommands(readFileSync("boot/boot.sh", "utf8"));
  const missing = used.flatMap((command) =>
    Object.keys(manifest.bases)
      .filter((base) => manifest.commands[command]?.[base] === undefined)
      .map((base) => `${command} on ${base}`),
  );
  expect(missing).toEqual([]);
});

test("the manifest lists no command that nothing needs", () => {
  const used = new Set([...foreignCommands(readFileSync("boot/boot.sh", "utf8")), "bash", "gzip"]);
  expect(Object.keys(manifest.commands).filter((command) => !used.has(command))).toEqual([]);
});

test("every base says where its list comes from", () => {
  for (const base of Object.values(manifest.bases)) expect(base.source.length).toBeGreaterThan(20);
});

test.each([
  ["a pipe", "head -c 1 x | awk 1", ["awk", "head"]],
  ["a substitution inside quotes", 'x="a $(curl y) b"', ["curl"]],
  ["a here-document", "cat <<END\n$(date)\nEND\nuname", ["cat", "date", "uname"]],
  ["an arithmetic condition", "((a < $(nproc))) || reboot", ["nproc", "reboot"]],
  ["a case", "case $a in\n  b) sed 1 ;;\n  c | d) perl ;;\nesac\nls", ["ls", "perl", "sed"]],
  ["a process substitution", "while read -r x; do jq .; done < <(find .)", ["find", "jq"]],
  ["an assignment before a command", "A=1 B=$(id) env", ["env", "id"]],
  ["a name known only when it runs", '"$tool" --version', ['"$tool"']],
  ["an array", 'x=(a "$(stat b)")\ny+=(c)\nln -s', ["ln", "stat"]],
])("reads the commands of %s", (_, script, expected) => {
  expect(foreignCommands(script)).toEqual(expected);
});

test("does not take quoted text, tests, comments or functions for commands", () => {
  expect(foreignCommands("# curl\nf() { echo 'wget $(x)'; }\nf\n[[ wget == x && -n $y ]] && f >curl\n")).toEqual([]);
});
