/**
 * The program inside one execution environment: loads the handler, then answers invocations one at a time over IPC.
 * Plain JavaScript, so that a cold start does not pay for stripping types.
 *
 * Messages in:  {type: "invoke", requestId, traceId, payload, clientContext, arn, timeoutMs, clock: {nowMs, factor}}
 * Messages out: {type: "ready"} | {type: "log", text} | {type: "done", failed, payload, maxRssKiB, fatal}
 */
import { existsSync, realpathSync } from "node:fs";
import { join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { format } from "node:util";

const toCloud = process.send.bind(process);
// The program must not find the channel: on Lambda there is none.
process.send = undefined;
process.once("disconnect", () => process.exit(0));

const pace = JSON.parse(process.argv[2]);
let anchor = { modelMs: pace.nowMs, realMs: performance.now(), factor: pace.factor };
let lastMs = pace.nowMs;

/** Modelled time: the cloud may run faster than the wall clock, and the handler must see the cloud's time. It never goes back. */
function modelledNow() {
  const now = Math.floor(anchor.modelMs + (performance.now() - anchor.realMs) * anchor.factor);
  lastMs = Math.max(lastMs, now);
  return lastMs;
}

const RealDate = Date;
const ModelledDate = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [modelledNow()] : args, newTarget),
  apply: () => new RealDate(modelledNow()).toString(),
  get: (target, key, receiver) => (key === "now" ? modelledNow : Reflect.get(target, key, receiver)),
});
RealDate.prototype.constructor = ModelledDate;
globalThis.Date = ModelledDate;

let current;

function print(text) {
  toCloud({ type: "log", text });
}

/** Node's runtime on Lambda writes each console call as one event: time, request, level, message. */
function replaceConsole() {
  const levels = { log: "INFO", info: "INFO", warn: "WARN", error: "ERROR", debug: "DEBUG", trace: "TRACE" };
  const asJson = process.env.AWS_LAMBDA_LOG_FORMAT === "JSON";
  for (const [method, level] of Object.entries(levels)) {
    console[method] = (...args) => {
      const timestamp = new RealDate(modelledNow()).toISOString();
      const requestId = current?.requestId;
      if (asJson) {
        const message = args.length === 1 && typeof args[0] === "object" ? args[0] : format(...args);
        print(JSON.stringify({ timestamp, level, requestId, message }));
      } else {
        print(`${timestamp}\t${requestId}\t${level}\t${format(...args)}`);
      }
    };
  }
}

/** Direct writes go the same way, so that their order among console calls is kept. */
function replaceStreams() {
  for (const stream of [process.stdout, process.stderr]) {
    let partial = "";
    stream.write = (chunk, encoding, callback) => {
      const lines = (partial + (typeof chunk === "string" ? chunk : Buffer.from(chunk).toString())).split("\n");
      partial = lines.pop() ?? "";
      for (const line of lines) print(line);
      const done = typeof encoding === "function" ? encoding : callback;
      if (done) process.nextTick(done);
      return true;
    };
  }
}

function describeError(error) {
  if (error instanceof Error) {
    return {
      errorType: error.name || "Error",
      errorMessage: error.message,
      trace: (error.stack ?? "").split("\n"),
    };
  }
  // Lambda reports what is no Error by its type, with no trace.
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

class RuntimeError extends Error {
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

/** `functions/admit.handler`: the module's path up to the first dot of its last part, then the exported name. */
function splitHandler(handler) {
  const match = /^((?:.*\/)?[^./]+)\.(.+)$/.exec(handler);
  if (!match || handler.includes("..")) throw new RuntimeError("Runtime.MalformedHandlerName", "Bad handler");
  return { moduleRoot: match[1], exportPath: match[2].split(".") };
}

async function loadModule(moduleRoot) {
  const taskRoot = realpathSync(process.env.LAMBDA_TASK_ROOT);
  for (const extension of ["", ".js", ".mjs", ".cjs"]) {
    const file = join(taskRoot, moduleRoot + extension);
    if (!existsSync(file)) continue;
    if (!realpathSync(file).startsWith(taskRoot + sep)) break;
    try {
      return await import(pathToFileURL(file).href);
    } catch (error) {
      if (error instanceof SyntaxError) throw Object.assign(error, { name: "Runtime.UserCodeSyntaxError" });
      if (error?.code === "ERR_MODULE_NOT_FOUND" || error?.code === "MODULE_NOT_FOUND") {
        throw Object.assign(error, { name: "Runtime.ImportModuleError" });
      }
      throw error;
    }
  }
  throw new RuntimeError("Runtime.ImportModuleError", `Error: Cannot find module '${moduleRoot}'`);
}

async function loadHandler() {
  const { moduleRoot, exportPath } = splitHandler(process.env._HANDLER);
  const module = await loadModule(moduleRoot);
  const find = (from) => exportPath.reduce((value, key) => value?.[key], from);
  const handler = find(module) ?? find(module.default);
  if (typeof handler !== "function") {
    throw new RuntimeError("Runtime.HandlerNotFound", `${process.env._HANDLER} is undefined or not exported`);
  }
  // Node.js 24 on Lambda takes no callback handlers any more.
  if (handler.length >= 3) {
    throw new RuntimeError(
      "Runtime.CallbackHandlerDeprecated",
      "AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later.",
    );
  }
  return handler;
}

function contextOf(message) {
  const deadlineMs = performance.now() + message.timeoutMs;
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: message.clientContext === undefined ? undefined : JSON.parse(message.clientContext),
    identity: undefined,
    invokedFunctionArn: message.arn,
    awsRequestId: message.requestId,
    // Real seconds: compute is not accelerated, so the time-out counts the wall clock.
    getRemainingTimeInMillis: () => Math.max(0, Math.floor(deadlineMs - performance.now())),
  };
}

function finish(failed, payload, fatal) {
  current = undefined;
  const maxRssKiB = process.resourceUsage().maxRSS;
  toCloud({ type: "done", failed, payload, maxRssKiB, fatal }, () => {
    if (fatal) process.exit(1);
  });
}

function fail(error, fatal) {
  const described = describeError(error);
  const shown = { errorType: described.errorType, errorMessage: described.errorMessage, stack: described.trace };
  console.error(`Invoke Error \t${JSON.stringify(shown)}`);
  finish(true, JSON.stringify(described), fatal);
}

async function invoke(handler, message) {
  anchor = { modelMs: message.clock.nowMs, realMs: performance.now(), factor: message.clock.factor };
  current = message;
  process.env._X_AMZN_TRACE_ID = message.traceId;
  try {
    const answer = await handler(JSON.parse(message.payload), contextOf(message));
    finish(false, JSON.stringify(answer) ?? "null", false);
  } catch (error) {
    fail(error, false);
  }
}

process.on("uncaughtException", (error) => fail(error, true));
process.on("unhandledRejection", (reason) => {
  const message = reason instanceof Error ? `${reason.name}: ${reason.message}` : String(reason);
  fail(new RuntimeError("Runtime.UnhandledPromiseRejection", message), true);
});

replaceConsole();
replaceStreams();
// A handler that cannot be loaded fails every invocation, and the environment ends with it, as on Lambda.
const loading = loadHandler();
loading.catch(() => {});
process.on("message", (message) => {
  loading.then(
    (handler) => invoke(handler, message),
    (error) => {
      current = message;
      fail(error, true);
    },
  );
});
loading.then(
  () => toCloud({ type: "ready" }),
  () => toCloud({ type: "ready" }),
);
