import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningCloud, startCloud } from "../../../local/cloud.ts";
import type { Requirement } from "../../../local/core/kernel.ts";
import { uncalledOperations } from "../../../scripts/documents/uncalled-operations.ts";
import { clientEnvironment, pythonBin, runPython } from "../support/python-program.ts";
import { objections, watchRequirements } from "./published-permissions.ts";

/** Each is a file in `boto3/`. */
const lifeCycles = [
  ...["autoscaling", "cloudformation", "cloudwatch", "ebs", "ec2", "elbv2", "events", "iam", "kms", "lambda_", "logs"],
  ...["s3", "scheduler", "servicequotas", "sns", "sqs", "ssm", "stepfunctions", "sts"],
];

let cloud: RunningCloud;
let requirements: () => Requirement[];
/** What was answered without an error, as `service:Operation`. */
const answered = new Set<string>();

beforeAll(async () => {
  pythonBin();
  cloud = await startCloud({ port: 0, stateDirectory: undefined, timeFactor: 30, log: () => {} });
  requirements = watchRequirements(cloud.kernel);
});

afterAll(() => cloud?.stop());

describe("boto3", () => {
  it.each(lifeCycles)("drives %s from beginning to end, waiters, pages and refusals included", async (name) => {
    const program = join(import.meta.dirname, "boto3", "drive.py");
    const lines = (await runPython([program, name], clientEnvironment(cloud.endpoint))).trim().split("\n");
    const operations = JSON.parse(lines.at(-1) ?? "") as Record<string, string[]>;
    for (const [service, names] of Object.entries(operations))
      for (const one of names) answered.add(`${service}:${one}`);
    expect(answered.size).toBeGreaterThan(0);
  });

  it("calls every operation there is, but for those with a reason", () => {
    const known = cloud.kernel
      .services()
      .flatMap(({ id, operations }) => Object.keys(operations).map((operation) => `${id}:${operation}`));
    const explained = Object.entries(uncalledOperations).flatMap(([service, reasons]) =>
      Object.keys(reasons).map((operation) => `${service}:${operation}`),
    );
    expect(known.filter((operation) => !answered.has(operation)).sort()).toEqual(explained.sort());
    // What boto3 calls by another name than ours would be counted nowhere.
    expect([...answered].filter((operation) => !known.includes(operation))).toEqual([]);
  });

  it("is asked for no permission, resource or condition key that AWS does not publish", async () => {
    const asked = requirements();
    expect(asked.length).toBeGreaterThan(300);
    const found = (await Promise.all(asked.map(objections))).flat();
    expect([...new Set(found)].sort()).toEqual([]);
  });
});
