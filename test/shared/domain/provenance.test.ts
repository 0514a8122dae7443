import { expect, test } from "vitest";
import { metadataOf, sourceOf } from "../../../shared/domain/provenance.ts";

test("metadata that says nothing of a source makes none", () => {
  expect(sourceOf({})).toBeUndefined();
  expect(sourceOf({ "content-owner": "ann", dirty: "no" })).toBeUndefined();
});

test("a source survives its way through an object's metadata", () => {
  const source = {
    commit: "0123456789abcdef0123456789abcdef01234567",
    repository: "git@git.example.com:team/web.git",
    dirty: true,
    pushedBy: "arn:aws:sts::123456789012:assumed-role/builder/ann",
  } as const;
  expect(sourceOf(metadataOf(source))).toEqual(source);
});

test("a value may have several words, and be as long as anybody needs", () => {
  const commit = `main, ${"a".repeat(506)}`;
  expect(sourceOf({ commit })).toEqual({ commit });
  expect(metadataOf({ commit })).toEqual({ commit });
});

test.each([
  ["https://ann:secret@git.example.com/team/web.git", "https://git.example.com/team/web.git"],
  ["https://ghp_token@git.example.com/team/web.git", "https://git.example.com/team/web.git"],
  ["ssh://git@git.example.com/team/web.git", "ssh://git.example.com/team/web.git"],
])("a remote's credentials are neither pushed nor believed: %s", (repository, shown) => {
  expect(metadataOf({ repository })).toEqual({ repository: shown });
  expect(sourceOf({ repository })).toEqual({ repository: shown });
});

test.each([
  ["a control character", "abc\u001b[2Jdef"],
  ["a line break", "abc\ndef"],
  ["a letter outside ASCII", "müll"],
  ["more than anybody needs", "a".repeat(513)],
  ["nothing", ""],
  ["a blank before", " abc"],
  ["a blank behind", "abc "],
])("%s is no commit", (_what, commit) => {
  expect(sourceOf({ commit })).toBeUndefined();
  expect(metadataOf({ commit })).toEqual({});
});
