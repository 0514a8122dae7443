import { vi } from "vitest";
import { runProgram } from "../../../cli/program.ts";
import type { World } from "./world.ts";

/** Runs a command of the CLI against a world's cloud and returns what it prints as JSON. */
export async function runKiln(world: World, ...args: string[]): Promise<Record<string, unknown>> {
  vi.stubEnv("AWS_ENDPOINT_URL", world.stage.connection.endpoint);
  let stdout = "";
  try {
    await runProgram([...args, "--json"], {
      stdout: { write: (text) => (stdout += text) },
      stderr: { write() {} },
      setExitCode() {},
    });
  } finally {
    vi.unstubAllEnvs();
  }
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
}
