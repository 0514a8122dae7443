import type { Units } from "./units.ts";

interface Result {
  exitCode: number;
  stdout: string;
  stderr: string;
}

const flags = new Set(["--now", "--no-block", "--quiet", "-q", "--no-pager", "--system", "--no-reload"]);

/** Does what `systemctl` with these arguments does, for the verbs a boot script needs. Exit codes: systemctl(1). */
export async function systemctl(units: Units, args: readonly string[]): Promise<Result> {
  const given = args.filter((arg) => arg.startsWith("-"));
  const unknownFlag = given.find((flag) => !flags.has(flag));
  if (unknownFlag !== undefined) return failure(1, `the embedded cloud's systemctl does not have ${unknownFlag}`);
  const [verb = "", ...names] = args.filter((arg) => !arg.startsWith("-"));
  if (verb === "daemon-reload") {
    units.reload();
    return success();
  }
  const act = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (!act) return failure(1, `the embedded cloud's systemctl does not have the verb '${verb}'`);
  if (names.length === 0) return failure(1, "Too few arguments.");
  const result = success();
  for (const name of names) {
    const one = await attempt(() => act(units, name.includes(".") ? name : `${name}.service`, new Set(given)));
    result.stdout += one.stdout;
    result.stderr += one.stderr;
    result.exitCode = Math.max(result.exitCode, one.exitCode);
  }
  return result;
}

type Verb = (units: Units, name: string, given: ReadonlySet<string>) => Promise<Result>;

/** With --no-block the answer does not wait for the service. */
async function act(given: ReadonlySet<string>, work: () => Promise<void>): Promise<void> {
  const done = work();
  if (!given.has("--no-block")) await done;
}

const verbs: Readonly<Record<string, Verb>> = {
  async enable(units, name, given) {
    const stderr = units.enable(name);
    if (given.has("--now")) await act(given, () => units.require(name).start());
    return { ...success(), stderr };
  },
  async disable(units, name, given) {
    units.disable(name);
    if (given.has("--now")) await act(given, () => units.require(name).stop());
    return success();
  },
  async start(units, name, given) {
    const service = units.require(name);
    await act(given, () => service.start());
    if (service.state === "failed") return failure(1, `Job for ${name} failed.`);
    return success();
  },
  async stop(units, name, given) {
    await act(given, () => units.require(name).stop());
    return success();
  },
  async restart(units, name, given) {
    await act(given, async () => {
      await units.require(name).stop();
      await units.require(name).start();
    });
    return success();
  },
  async "is-active"(units, name, given) {
    const { state } = units.require(name);
    const stdout = given.has("--quiet") || given.has("-q") ? "" : `${state}\n`;
    return { exitCode: state === "active" ? 0 : 3, stdout, stderr: "" };
  },
  async "is-enabled"(units, name) {
    const isEnabled = units.isEnabled(name);
    return { exitCode: isEnabled ? 0 : 1, stdout: `${isEnabled ? "enabled" : "disabled"}\n`, stderr: "" };
  },
  async "is-failed"(units, name) {
    const { state } = units.require(name);
    return { exitCode: state === "failed" ? 0 : 1, stdout: `${state}\n`, stderr: "" };
  },
  async status(units, name) {
    const service = units.require(name);
    const pid = service.mainPid === undefined ? "" : `   Main PID: ${service.mainPid}\n`;
    const stdout = `${name} - ${service.unit.description}\n     Active: ${service.state}\n${pid}`;
    return { exitCode: service.state === "active" ? 0 : 3, stdout, stderr: "" };
  },
};

async function attempt(run: () => Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    return failure(error instanceof Error && error.message.endsWith("could not be found.") ? 4 : 1, String(error));
  }
}

function success(): Result {
  return { exitCode: 0, stdout: "", stderr: "" };
}

function failure(exitCode: number, message: string): Result {
  return { exitCode, stdout: "", stderr: `${message.replace(/^Error: /, "")}\n` };
}
