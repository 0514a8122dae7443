import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { code, markdownTable, projectRoot } from "./document.ts";

/** What of AWS's behaviour matters to a deploy tool; each has at least one test that says so above itself. */
export const semantics: readonly string[] = [
  "client tokens and their mismatch errors",
  "unique names",
  "in-use dependencies: the snapshot of an image",
  "in-use dependencies: the template of a group",
  "in-use dependencies: the target group of a rule",
  "in-use dependencies: the security group of an instance",
  "eventual consistency after a create, on by default",
  "snapshots: block checksums",
  "snapshots: LINEAR checksums over raw digests",
  "snapshots: not found for a while after StartSnapshot",
  "snapshots: completion is asynchronous",
  "snapshots: unwritten blocks of encrypted ones are random",
  "snapshots: unfinished ones time out",
  "snapshots: quotas",
  "RegisterImage: defaults as harmful as AWS's",
  "images: partial answers until they are available",
  "images: deregistration with associated snapshots",
  "images: disable and enable",
  "images: deregistration protection",
  "launch templates by number",
  "Auto Scaling: activities",
  "Auto Scaling: capacity and quota errors per subnet and type",
  "Auto Scaling: target tracking shrinks idle fleets",
  "Auto Scaling: health-check types and grace",
  "Auto Scaling: scale-in",
  "Auto Scaling: lifecycle hooks",
  "ELBv2: weights 0–999, five groups for each action",
  "ELBv2: unused",
  "ELBv2: health thresholds",
  "ELBv2: fail-open",
  "ELBv2: draining",
  "ELBv2: propagation delay of each node",
  "ELBv2: stickiness",
  "ELBv2: metrics only with traffic, 60 seconds apart",
  "Lambda: versions",
  "Lambda: time-outs that kill",
  "Lambda: payload limit",
  "Lambda: the shape of errors",
  "Lambda: CPU by memory",
  "Lambda: a zombie runs on after its state timed out",
  "Step Functions: DescribeExecution lags",
  "S3: conditional writes",
  "S3: versions",
  "S3: multipart uploads",
  "S3: the exact shape of events",
  "Systems Manager: limits",
  "Systems Manager: Run Command",
  "API throttling by token bucket",
];

/** A test that stands for a semantic. */
export interface SemanticTest {
  semantic: string;
  source: string;
  /** From the project's root. */
  file: string;
  title: string;
}

const note = /((?:^[ \t]*\/\/.*\n)+)[ \t]*it(?:\.\w+)?\(([\s\S]*?)"((?:[^"\\]|\\.)+)", /gm;

/** The tests in one source file that have a comment `Semantic: <name>. Source: <where>.` right above them. */
export function semanticTestsIn(file: string, source: string): SemanticTest[] {
  return [...source.matchAll(note)].flatMap(([, comment = "", , title = ""]) => {
    const text = comment.replaceAll(/^[ \t]*\/\/ ?/gm, "").replaceAll("\n", " ");
    return [...text.matchAll(/Semantic: (.+?)\. Source: (.+?)\.(?= Semantic:|\s*$)/g)].map(
      ([, semantic = "", where = ""]) => ({ semantic, source: where, file, title }),
    );
  });
}

/** Every such test of the embedded cloud. */
export function semanticTests(): SemanticTest[] {
  return globSync("test/local/**/*.test.ts", { cwd: projectRoot })
    .sort()
    .flatMap((file) => semanticTestsIn(file, readFileSync(join(projectRoot, file), "utf8")));
}

/** Which test holds the embedded cloud to which behaviour of AWS, and where AWS or somebody who measured says so. */
export function semanticsTable(): string {
  const tests = semanticTests();
  const rows = semantics.flatMap((semantic) =>
    tests
      .filter((one) => one.semantic === semantic)
      .map(({ file, title, source }) => [semantic, `${code(file)}: ${title}`, source]),
  );
  return markdownTable(["Semantic", "Test", "Source"], rows);
}
