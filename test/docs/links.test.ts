import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { projectRoot } from "../../scripts/documents/document.ts";
import { sources } from "../structure/sources.ts";

const pages = sources(/^(README|CHANGELOG|(docs|examples)\/[^/]+)\.md$/);

it.each(pages)("$path links to files that exist", ({ path, text }) => {
  const targets = [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map((match) => match[1] ?? "");
  const missing = targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => !existsSync(join(projectRoot, dirname(path), target)));
  expect(missing).toEqual([]);
});

it("README names only npm scripts that exist", () => {
  const readme = pages.find(({ path }) => path === "README.md")?.text ?? "";
  const [manifest] = sources(/^package\.json$/);
  const { scripts } = JSON.parse(manifest?.text ?? "{}") as { scripts: Record<string, string> };
  const named = [...readme.matchAll(/npm run (?:--silent )?([a-z][a-z:-]*)/g)].map((match) => match[1] ?? "");
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});
