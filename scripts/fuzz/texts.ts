import fc from "fast-check";
import { parseSpecText } from "../../cli/spec-file.ts";
import { readDeployRequest, rollbackInput, subjectOf } from "../../shared/domain/request.ts";
import { parseServiceSpec } from "../../shared/domain/service-spec.ts";
import type { Outcomes } from "./outcomes.ts";

const anything = fc.anything({ maxDepth: 3, withNullPrototype: true, withBigInt: false });

/** A valid document with some of its values replaced by others or by anything, and keys added; sometimes left valid. */
function halfValid(valid: Record<string, unknown>, ...others: Record<string, unknown>[]) {
  const key = fc.oneof(fc.constantFrom(...Object.keys(valid)), fc.string({ maxLength: 12 }));
  return fc
    .tuple(fc.subarray(others), fc.dictionary(key, anything, { maxKeys: 3 }))
    .map(([replaced, changes]) => Object.assign({}, valid, ...replaced, changes));
}

const valid = {
  service: "web",
  base: "al2023",
  architecture: "arm64",
  layers: ["node-24"],
  command: "node server.js",
  port: 8080,
  environment: { GREETING: "hello" },
  capacity: { min: 1, max: 2 },
  healthCheck: { path: "/" },
};

/** Each fine by its type, and refused. */
const contradictory = [
  { environment: { DB_PASSWORD: "hunter2" } },
  { environment: { PORT: "80" } },
  { capacity: { min: 3, max: 2 } },
  { healthCheck: { path: "/", intervalSeconds: 5, timeoutSeconds: 5 } },
  { layers: ["a1", "a1"] },
];

/** Any document is a spec or a list of problems that is not empty. */
export function specProperty(outcomes: Outcomes) {
  return fc.asyncProperty(fc.oneof(anything, halfValid(valid, ...contradictory)), (document) =>
    outcomes.timed(() => specOutcome(parseServiceSpec(document))),
  );
}

const lines = ["service: web", "capacity: { min: 1, max: 2 }", "healthCheck:", "  path: /"];
const strangeLine = fc.oneof(
  fc.constantFrom("a: &x [1]", "b: *x", "? ", "- ", "port: 80"),
  fc.string({ maxLength: 40 }),
);

/** Any text of a kiln.yaml is a spec, or a list of problems with lines that it has. */
export function specTextProperty(outcomes: Outcomes) {
  const insertion = fc.tuple(fc.nat({ max: lines.length }), strangeLine);
  const text = fc
    .array(insertion, { maxLength: 4 })
    .map((insertions) => insertions.reduce((all, [at, line]) => all.toSpliced(at, 0, line), lines).join("\n"));
  return fc.asyncProperty(text, (written) =>
    outcomes.timed(() => {
      const parsed = parseSpecText(written);
      const lineCount = written.split(/\r\n|\r|\n/).length;
      const outside = "problems" in parsed && parsed.problems.find(({ line }) => !(line >= 1 && line <= lineCount));
      if (outside) throw new Error(`a problem stands on line ${outside.line} of ${lineCount}`);
      return specOutcome(parsed);
    }),
  );
}

function specOutcome(parsed: { spec: unknown } | { problems: readonly unknown[] }): string {
  if ("spec" in parsed) return "accepted";
  if (parsed.problems.length === 0) throw new Error("refused without a problem");
  return "refused";
}

const event = {
  source: "aws.s3",
  "detail-type": "Object Created",
  time: "2026-01-01T00:00:00Z",
  detail: { bucket: { name: "artifacts" }, object: { key: "web/1.2.0.tgz", "version-id": "abc" } },
};

const key = fc.oneof(
  fc.constantFrom("web/1.tgz", "web/1.zip", "layers/x.tgz", "web/experiments/x.tgz", "../x.tgz", "web//1.tgz"),
  fc.string({ maxLength: 60, unit: "binary" }),
);

const eventWithKey = fc
  .tuple(key, fc.oneof(fc.constantFrom("v1", ""), fc.string({ unit: "binary", maxLength: 20 })))
  .map(([key, id]) => ({ ...event, detail: { ...event.detail, object: { key, "version-id": id } } }));

/** Any input of a deploy is a request or a problem in words; what it is about never throws either. */
export function deployInputProperty(outcomes: Outcomes) {
  const manual = halfValid({ service: "web", version: "1.4.2", reason: "because", refresh: true });
  return fc.asyncProperty(fc.oneof(anything, halfValid(event), eventWithKey, manual), (input) =>
    outcomes.timed(() => {
      const request = readDeployRequest(input);
      const { versionId = "" } = subjectOf(input);
      encodeURIComponent(versionId);
      if (request.kind !== "invalid") return request.kind;
      if (request.problem === "") throw new Error("refused without a problem");
      return `invalid ${request.what}`;
    }),
  );
}

/** Any input of a rollback is a request or a problem. */
export function rollbackInputProperty(outcomes: Outcomes) {
  const input = fc.oneof(anything, halfValid({ service: "web", to: "web-000001", reason: "because" }));
  return fc.asyncProperty(input, (given) =>
    outcomes.timed(() => (rollbackInput.safeParse(given).success ? "accepted" : "refused")),
  );
}
