import { spawn } from "node:child_process";
import { embeddedCredentials, embeddedRegion } from "../../../cli/aws/connection.ts";
import { type ChildEnding, endingOf } from "../../../scripts/child-ending.ts";
import { installedProgram } from "./installed-program.ts";

interface AccessKey {
  accessKeyId: string;
  secretAccessKey: string;
}

/** The AWS CLI as a person has it: its own settings from the environment, nothing of this machine's configuration. */
export class AwsCli {
  readonly #program: string;
  readonly #endpoint: string;
  readonly #environment: Record<string, string>;

  /** @param key Left out, the account's administrator's. */
  constructor(endpoint: string, key: AccessKey = embeddedCredentials) {
    this.#program = installedProgram("aws");
    this.#endpoint = endpoint;
    this.#environment = settingsFor(endpoint, key);
  }

  /** The same, for somebody else. */
  as(accessKeyId: string, secretAccessKey: string): AwsCli {
    return new AwsCli(this.#endpoint, { accessKeyId, secretAccessKey });
  }

  /** Runs a command to its end, whatever that is. */
  async try(...args: string[]): Promise<ChildEnding> {
    const child = spawn(this.#program, args, { env: this.#environment, stdio: ["ignore", "pipe", "pipe"] });
    return endingOf(child);
  }

  /**
   * Runs a command that must do well, and returns what it printed.
   * @throws {Error} with what it said, when it does not.
   */
  async text(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.try(...args);
    if (code === 0) return stdout;
    throw new Error(`aws ${args.join(" ")} ended with code ${code}: ${stderr.trim()}`);
  }

  /** The same, for a command that prints JSON; an empty answer is undefined. */
  async json<T>(...args: string[]): Promise<T> {
    const text = await this.text(...args);
    return (text.trim() === "" ? undefined : JSON.parse(text)) as T;
  }
}

/** The settings of an AWS client that knows nothing of this machine's configuration. */
export function settingsFor(endpoint: string, key: AccessKey = embeddedCredentials): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "",
    HOME: "/nonexistent",
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: key.accessKeyId,
    AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
    AWS_REGION: embeddedRegion,
    AWS_DEFAULT_REGION: embeddedRegion,
    AWS_DEFAULT_OUTPUT: "json",
    AWS_PAGER: "",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  };
}
