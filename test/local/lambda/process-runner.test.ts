import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findCpuControl } from "../../../local/lambda/cpu-limit.ts";
import { ProcessRunner } from "../../../local/lambda/process-runner.ts";
import { functionInput, lambdaWorld, payloadOf } from "./lambda-world.ts";

interface Answer {
  StatusCode?: number;
  FunctionError?: string;
  ExecutedVersion?: string;
  LogResult?: string;
  Payload?: Uint8Array;
}

describe("functions in their own processes", () => {
  let directory = "";
  let world: ReturnType<typeof lambdaWorld>;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "kiln-lambda-"));
    world = lambdaWorld((clock) => new ProcessRunner({ directory, clock }));
  });

  afterAll(async () => {
    await world.kernel.stop();
    await rm(directory, { recursive: true, force: true });
  });

  async function invoke(name: string, source: string, event: object = {}, overrides: object = {}): Promise<Answer> {
    await world.call("CreateFunction", functionInput(name, source, overrides));
    return again(name, event);
  }

  function again(name: string, event: object = {}): Promise<Answer> {
    const Payload = new TextEncoder().encode(JSON.stringify(event));
    return world.call<Answer>("Invoke", { FunctionName: name, Payload, LogType: "Tail" });
  }

  // Semantic: Lambda: CPU by memory. Source: Lambda developer guide, "Configure Lambda function memory": one vCPU at
  // 1,769 MB.
  it.runIf(findCpuControl())("have the processor that goes with their memory", async () => {
    const answer = await invoke(
      "small",
      `export const handler = async () => {
        const began = performance.now();
        const before = process.cpuUsage();
        const used = () => { const { user, system } = process.cpuUsage(before); return (user + system) / 1000; };
        while (used() < 120);
        return { used: used(), passed: performance.now() - began }; };`,
      {},
      { MemorySize: 442, Timeout: 30 },
    );
    const { used, passed } = payloadOf(answer) as { used: number; passed: number };
    expect(used / passed).toBeLessThan(0.4);
  });

  it("answers with what the handler returns, and tells it who it is", async () => {
    const answer = await invoke(
      "hello",
      `export const handler = async (event, context) => ({
        greeting: "hello " + event.name, fn: context.functionName, arn: context.invokedFunctionArn,
        version: process.env.AWS_LAMBDA_FUNCTION_VERSION, region: process.env.AWS_REGION,
        endpoint: process.env.AWS_ENDPOINT_URL, key: process.env.AWS_ACCESS_KEY_ID,
        remaining: context.getRemainingTimeInMillis() });`,
      { name: "kiln" },
    );
    expect(answer).toMatchObject({ StatusCode: 200, ExecutedVersion: "$LATEST" });
    expect(answer.FunctionError).toBeUndefined();
    const { remaining, ...rest } = payloadOf(answer);
    expect(rest).toEqual({
      greeting: "hello kiln",
      fn: "hello",
      arn: "arn:aws:lambda:us-east-1:123456789012:function:hello",
      version: "$LATEST",
      region: "us-east-1",
      endpoint: "http://127.0.0.1:4566",
      key: "ASIATEST",
    });
    expect(remaining).toBeGreaterThan(2000);
    expect(remaining).toBeLessThanOrEqual(3000);
  });

  it("gives it nothing of the host's environment", async () => {
    process.env["HOST_SECRET"] = "seen";
    const answer = await invoke("env", "export const handler = async () => Object.keys(process.env).sort();");
    delete process.env["HOST_SECRET"];
    expect(payloadOf(answer)).toEqual([
      "AWS_ACCESS_KEY_ID",
      "AWS_CONFIG_FILE",
      "AWS_DEFAULT_REGION",
      "AWS_ENDPOINT_URL",
      "AWS_EXECUTION_ENV",
      "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
      "AWS_LAMBDA_FUNCTION_NAME",
      "AWS_LAMBDA_FUNCTION_VERSION",
      "AWS_LAMBDA_INITIALIZATION_TYPE",
      "AWS_LAMBDA_LOG_FORMAT",
      "AWS_LAMBDA_LOG_GROUP_NAME",
      "AWS_LAMBDA_LOG_STREAM_NAME",
      "AWS_REGION",
      "AWS_SECRET_ACCESS_KEY",
      "AWS_SESSION_TOKEN",
      "AWS_SHARED_CREDENTIALS_FILE",
      "HOME",
      "LAMBDA_TASK_ROOT",
      "LANG",
      "PATH",
      "TMPDIR",
      "TZ",
      "_HANDLER",
      "_X_AMZN_TRACE_ID",
    ]);
  });

  it("shows the handler the cloud's time, not the host's", async () => {
    const answer = await invoke("clock", "export const handler = async () => [Date.now(), new Date().toISOString()];");
    const [now, text] = payloadOf(answer) as unknown as [number, string];
    expect(now - world.clock.now()).toBeGreaterThanOrEqual(0);
    expect(now - world.clock.now()).toBeLessThan(5000);
    expect(text.slice(0, 4)).toBe("2026");
  });

  it("keeps an environment warm and starts another only for concurrent work", async () => {
    const source = `let count = 0;
      export const handler = async (event) => { count += 1; await new Promise((r) => setTimeout(r, event.ms)); return { pid: process.pid, count }; };`;
    const first = payloadOf(await invoke("warm", source, { ms: 0 }));
    const second = payloadOf(await again("warm", { ms: 0 }));
    expect(second).toEqual({ pid: first["pid"], count: 2 });
    const together = await Promise.all([again("warm", { ms: 200 }), again("warm", { ms: 200 })]);
    expect(new Set(together.map((answer) => payloadOf(answer)["pid"])).size).toBe(2);
  });

  // Semantic: Lambda: the shape of errors. Source: Lambda developer guide, "Lambda function errors in Node.js".
  it("words an error as the runtime does and goes on with the same environment", async () => {
    const source = `let count = 0;
      export const handler = async () => { count += 1; if (count === 1) { const e = new Error("no lease"); e.name = "LeaseLostError"; throw e; } return count; };`;
    const answer = await invoke("throws", source);
    expect(answer.FunctionError).toBe("Unhandled");
    const { trace, ...rest } = payloadOf(answer);
    expect(rest).toEqual({ errorType: "LeaseLostError", errorMessage: "no lease" });
    expect((trace as string[])[0]).toContain("no lease");
    expect(payloadOf(await again("throws"))).toBe(2);
  });

  // Semantic: Lambda: time-outs that kill. Source: Lambda developer guide, "Configure Lambda function timeout".
  it("kills a function that outlives its time-out", async () => {
    const answer = await invoke(
      "slow",
      "export const handler = () => new Promise(() => setInterval(() => {}, 50));",
      {},
      { Timeout: 1 },
    );
    expect(answer.FunctionError).toBe("Unhandled");
    const payload = payloadOf(answer);
    expect(payload["errorType"]).toBe("Sandbox.Timedout");
    expect(payload["errorMessage"]).toMatch(/^RequestId: [0-9a-f-]{36} Error: Task timed out after 1\.00 seconds$/);
    expect(Buffer.from(answer.LogResult ?? "", "base64").toString()).toContain("Status: timeout");
  });

  // Semantic: Lambda: time-outs that kill. Source: Lambda developer guide, "Configure Lambda function timeout".
  it("kills a function that never yields", async () => {
    const answer = await invoke("spin", "export const handler = async () => { for (;;); };", {}, { Timeout: 1 });
    expect(payloadOf(answer)["errorType"]).toBe("Sandbox.Timedout");
  });

  // Semantic: Lambda: the shape of errors. Source: Lambda developer guide, "Troubleshoot invocation issues":
  // Runtime.ExitError.
  it("reports a program that ends by itself, and starts afresh", async () => {
    const source = "export const handler = async (event) => { if (event.die) process.exit(3); return process.pid; };";
    const answer = await invoke("exits", source, { die: true });
    expect(answer.FunctionError).toBe("Unhandled");
    expect(payloadOf(answer)).toMatchObject({ errorType: "Runtime.ExitError" });
    expect(payloadOf(answer)["errorMessage"]).toMatch(/Error: Runtime exited with error: exit status 3$/);
    expect((await again("exits")).FunctionError).toBeUndefined();
  });

  it("names a handler that is not there", async () => {
    const missing = await invoke("missing", "export const other = 1;");
    expect(payloadOf(missing)).toMatchObject({
      errorType: "Runtime.HandlerNotFound",
      errorMessage: "functions/main.handler is undefined or not exported",
    });
    const nowhere = await invoke("nowhere", "export const handler = 1;", {}, { Handler: "lost.handler" });
    expect(payloadOf(nowhere)).toMatchObject({ errorType: "Runtime.ImportModuleError" });
    const broken = await invoke("broken", "export const handler = (;");
    expect(payloadOf(broken)).toMatchObject({ errorType: "Runtime.UserCodeSyntaxError" });
  });

  it("writes what was printed between START and END to its own stream", async () => {
    world.messages.length = 0;
    world.streams.length = 0;
    await invoke(
      "prints",
      `export const handler = async () => { console.log("one", { two: 2 }); process.stdout.write("raw\\n"); };`,
    );
    const shape = world.messages.map((message) => message.replace(/[0-9a-f-]{36}/g, "ID"));
    expect(shape[0]).toBe("INIT_START Runtime Version: nodejs:24");
    expect(shape[1]).toBe("START RequestId: ID Version: $LATEST");
    expect(shape[2]).toMatch(/^2026-01-01T\d\d:\d\d:\d\d\.\d{3}Z\tID\tINFO\tone \{ two: 2 \}$/);
    expect(shape[3]).toBe("raw");
    expect(shape[4]).toBe("END RequestId: ID");
    expect(shape[5]).toMatch(
      /^REPORT RequestId: ID\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\tInit Duration: [\d.]+ ms$/,
    );
    expect(world.streams[0]).toMatch(/^2026\/01\/01\/\[\$LATEST\][0-9a-f]{32}$/);
  });

  it("runs changed code at the next invocation", async () => {
    await invoke("changes", "export const handler = async () => 1;");
    const { Code } = functionInput("changes", "export const handler = async () => 2;");
    await world.call("UpdateFunctionCode", { FunctionName: "changes", ...Code });
    expect(payloadOf(await again("changes"))).toBe(2);
  });
});
