import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { embeddedCredentials, embeddedRegion } from "../../../cli/aws/connection.ts";
import { projectDirectory } from "../../../cli/kiln-directory.ts";
import { pythonTools } from "../../../scripts/python-tools.ts";

/** Where the checks' Python programs are; installed on first use. */
export function pythonBin(): string {
  const cache = join(projectDirectory, ".kiln", "cache");
  mkdirSync(cache, { recursive: true });
  return pythonTools(cache);
}

/** The environment of a person who has nothing but an endpoint and a key; nothing of this machine's configuration. */
export function clientEnvironment(endpoint: string): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "",
    HOME: "/nonexistent",
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: embeddedCredentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: embeddedCredentials.secretAccessKey,
    AWS_DEFAULT_REGION: embeddedRegion,
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
    PYTHONDONTWRITEBYTECODE: "1",
    PYTHONWARNINGS: "ignore",
  };
}

/**
 * Runs a Python program to its end and returns what it printed.
 * @param input What it finds on standard input.
 * @throws {Error} with the end of what it said, when it does not end well.
 */
export async function runPython(
  args: readonly string[],
  environment: Record<string, string>,
  input = "",
): Promise<string> {
  const child = spawn(join(pythonBin(), "python"), args, { env: environment, stdio: "pipe" });
  child.stdin.end(input);
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code === 0) return said.stdout;
  throw new Error(
    `${args.join(" ")} ended with code ${code}:\n${said.stderr.trim().split("\n").slice(-12).join("\n")}`,
  );
}
