import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { gitSource } from "../../cli/git-source.ts";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "kiln-git-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function git(...words: string[]): string {
  const identity = ["-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "commit.gpgsign=false"];
  return execFileSync("git", ["-C", directory, ...identity, ...words], { encoding: "utf8" }).trim();
}

function commit(): string {
  git("init", "--quiet");
  writeFileSync(join(directory, "server.js"), "one\n");
  git("add", ".");
  git("commit", "--quiet", "-m", "First");
  return git("rev-parse", "HEAD");
}

it("knows nothing outside a checkout, nor before the first commit", async () => {
  expect(await gitSource(directory)).toBeUndefined();
  git("init", "--quiet");
  expect(await gitSource(directory)).toBeUndefined();
});

it("names the commit that a directory, or an archive in it, was checked out at", async () => {
  const head = commit();
  git("remote", "add", "origin", "https://git.example.com/team/web.git");
  const source = { commit: head, repository: "https://git.example.com/team/web.git" };
  expect(await gitSource(directory)).toEqual(source);
  const archive = join(directory, "app-1.0.0.tgz");
  writeFileSync(archive, "bytes");
  expect(await gitSource(archive)).toEqual(source);
});

it("says when something was changed since", async () => {
  const head = commit();
  writeFileSync(join(directory, "server.js"), "two\n");
  expect(await gitSource(directory)).toEqual({ commit: head, dirty: true });
});
