import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseRecipe, type Recipe } from "../../../shared/domain/recipe.ts";
import { checkScript, installScript, packagesIn } from "../../../shared/domain/recipe-script.ts";

/** A machine's "/" with a few real commands and package managers that only write down what they are asked. */
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "kiln-recipe-"));
  for (const directory of ["bin", "etc/ssh"]) mkdirSync(join(root, directory), { recursive: true });
  for (const command of ["base64", "chmod", "mkdir", "rm", "cat", "sh"]) {
    symlinkSync(join("/usr/bin", command), join(root, "bin", command));
  }
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function standIn(command: string, prints: string, status = 0): void {
  const file = join(root, "bin", command);
  const told = `\${DEBIAN_FRONTEND:+DEBIAN_FRONTEND=$DEBIAN_FRONTEND }${command} $*`;
  writeFileSync(file, `#!/bin/sh\necho "${told}" >>"$KILN_ROOT/asked"\nprintf '${prints}'\nexit ${status}\n`);
  chmodSync(file, 0o755);
}

function run(script: string) {
  const env = { PATH: join(root, "bin"), KILN_ROOT: root };
  return spawnSync("/bin/sh", ["-c", script], { env, encoding: "utf8" });
}

function recipeOf(changes: Partial<Record<keyof Recipe, unknown>>): Recipe {
  const parsed = parseRecipe({ recipe: "runtime", ...changes });
  if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
  return parsed.recipe;
}

const asked = () => readFileSync(join(root, "asked"), "utf8").trim().split("\n");

describe("the script that installs a recipe", () => {
  it("asks dnf for all packages at once, and rpm for what is there afterwards", () => {
    standIn("dnf", "");
    standIn("rpm", "jq-1.7.1-1.amzn2023\\nbash-5.2-1.amzn2023\\n");
    const { status, stdout } = run(installScript(recipeOf({ packages: ["jq", "git-core"] })));
    expect(status).toBe(0);
    expect(asked()).toEqual(["dnf install -y --setopt=install_weak_deps=False jq git-core", "rpm -qa"]);
    expect(packagesIn(stdout)).toEqual(["bash-5.2-1.amzn2023", "jq-1.7.1-1.amzn2023"]);
  });

  it("asks apt-get without a question where there is no dnf, and dpkg for what is there afterwards", () => {
    standIn("apt-get", "");
    standIn("dpkg-query", "jq-1.7\\n");
    const { status, stdout } = run(installScript(recipeOf({ packages: ["jq"] })));
    expect(status).toBe(0);
    expect(asked().slice(0, 2)).toEqual([
      "DEBIAN_FRONTEND=noninteractive apt-get update",
      "DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends jq",
    ]);
    expect(asked()[2]).toContain("dpkg-query -W -f $" + "{Package}-$" + "{Version}");
    expect(packagesIn(stdout)).toEqual(["jq-1.7"]);
  });

  it("ends at the package manager's failure, before any file is written or script is run", () => {
    standIn("dnf", "", 1);
    const files = [{ path: "/opt/runtime/version", content: "24" }];
    const { status } = run(installScript(recipeOf({ packages: ["jq"], files, scripts: [">ran"] })));
    expect(status).toBe(1);
    expect(run(`cat "${root}/opt/runtime/version" "${root}/ran"`).status).not.toBe(0);
  });

  it("says so when the parent has no package manager", () => {
    const { status, stderr } = run(installScript(recipeOf({ packages: ["jq"] })));
    expect({ status, stderr }).toEqual({ status: 3, stderr: "the parent has neither dnf nor apt-get\n" });
  });

  it("writes files with their modes, runs each script in a shell of its own, and takes the instance's identity away", () => {
    writeFileSync(join(root, "etc/machine-id"), "0123456789abcdef\n");
    writeFileSync(join(root, "etc/ssh/ssh_host_ed25519_key"), "secret");
    const files = [{ path: "/opt/runtime/run", content: 'echo "it\'s $HOME"\n', mode: "0750" }];
    const scripts = ["NAME=one; cd opt", "echo $" + "{NAME:-none} >name; cat opt/runtime/run >copy"];
    const { status, stderr } = run(installScript(recipeOf({ files, scripts })));
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(statSync(join(root, "opt/runtime/run")).mode & 0o7777).toBe(0o750);
    expect(readFileSync(join(root, "copy"), "utf8")).toBe('echo "it\'s $HOME"\n');
    expect(readFileSync(join(root, "name"), "utf8")).toBe("none\n");
    expect(readFileSync(join(root, "etc/machine-id"), "utf8")).toBe("");
    expect(() => statSync(join(root, "etc/ssh/ssh_host_ed25519_key"))).toThrow("ENOENT");
  });
});

it("the checking script fails at the first check that does", () => {
  const recipe = recipeOf({ scripts: ["true"], checks: ["echo first", "cat missing", "echo third"] });
  const { status, stdout } = run(checkScript(recipe));
  expect(status).not.toBe(0);
  expect(stdout).toBe("first\n");
});

it("the checking script says that it came to its end", () => {
  const { status, stdout } = run(checkScript(recipeOf({ scripts: ["true"], checks: ["echo first"] })));
  expect({ status, stdout }).toEqual({ status: 0, stdout: "first\nkiln: checked\n" });
});
