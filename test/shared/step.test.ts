import type { Context } from "aws-lambda";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import * as z from "zod/mini";
import { ValidationFailedError } from "../../shared/errors.ts";
import { type BaseWorld, lambdaHandler, type Step } from "../../shared/step.ts";

const execution = "arn:aws:states:us-east-1:123456789012:execution:kiln-dev-deploy:one";
const release = { service: "web", generation: "web-000042" };
const secret = "5ec2e75ec2e75ec2e75ec2e75ec2e75e";

/** As Lambda gives it; the handler reads nothing else of it. */
const context = {
  functionName: "kiln-dev-validate",
  invokedFunctionArn: "arn:aws:lambda:us-east-1:123456789012:function:kiln-dev-validate:7",
  memoryLimitInMB: "512",
  awsRequestId: "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
} as Context;

let written = "";

beforeEach(() => {
  written = "";
  const keep = (text: unknown) => {
    written += String(text);
    return true;
  };
  vi.spyOn(process.stdout, "write").mockImplementation(keep);
  vi.spyOn(process.stderr, "write").mockImplementation(keep);
  vi.stubEnv("KILN_STAGE", "dev");
  vi.stubEnv("KILN_ARTIFACTS_BUCKET", "artifacts");
  vi.stubEnv("KILN_LEDGER_BUCKET", "ledger");
  vi.stubEnv("KILN_KEY_ARN", "arn:aws:kms:us-east-1:123456789012:key/one");
  vi.stubEnv("_X_AMZN_TRACE_ID", "Root=1-69258f9a-0123456789abcdef01234567;Parent=0123456789abcdef;Sampled=1");
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** The handler of a step that answers so, wrapped as every handler is. */
function handlerOf(run: () => Promise<unknown>) {
  const step: Step<unknown, BaseWorld, unknown> = { name: "validate", input: z.unknown(), world: (base) => base, run };
  return lambdaHandler(step);
}

/** What was logged, a JSON object a line. */
const lines = (): Record<string, unknown>[] =>
  written
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

const names = {
  execution,
  deployedService: "web",
  generation: "web-000042",
  service: "kiln-validate",
  function_name: "kiln-dev-validate",
  function_request_id: "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
  xray_trace_id: "1-69258f9a-0123456789abcdef01234567",
};

describe("what a handler logs", () => {
  it("is one line of JSON with the execution, the release, the request and its trace, and no more of what it was given", async () => {
    const handler = handlerOf(async () => ({ status: "ready", memo: { secret } }));
    await handler({ execution, release, taskToken: secret, memo: { secret } }, context);
    expect(lines()).toEqual([
      expect.objectContaining({ ...names, level: "INFO", message: "answered", status: "ready" }),
    ]);
    expect(written).not.toContain(secret);
  });

  it("names the release that only the answer knows", async () => {
    const handler = handlerOf(async () => ({
      status: "ready",
      release: { ...release, fence: 3, trialSecret: secret },
    }));
    await handler({ execution, request: { service: "web", override: secret } }, context);
    expect(lines()).toEqual([expect.objectContaining(names)]);
    expect(written).not.toContain(secret);
  });

  it("says nothing of the invocation before, whose container it shares", async () => {
    const handler = handlerOf(async () => null);
    await handler({ execution, release }, context);
    await handler({ execution: "another" }, { ...context, awsRequestId: "another-request" });
    const [, second] = lines();
    expect(second).toMatchObject({ execution: "another", function_request_id: "another-request" });
    expect(second).not.toHaveProperty("deployedService");
    expect(second).not.toHaveProperty("generation");
  });

  it("is an error with its name and the same names when it fails, and Step Functions gets that error", async () => {
    const handler = handlerOf(async () => {
      throw new ValidationFailedError("web-000042 did not pass.", "See its history.");
    });
    const answer = handler({ execution, release, taskToken: secret }, context);
    await expect(answer).rejects.toMatchObject({ name: "ValidationFailedError" });
    expect(lines()).toEqual([
      expect.objectContaining({
        ...names,
        level: "ERROR",
        message: "failed",
        error: expect.objectContaining({
          name: "ValidationFailedError",
          message: expect.stringContaining("did not pass"),
        }),
      }),
    ]);
    expect(written).not.toContain(secret);
  });
});
