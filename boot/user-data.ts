import { bootScript } from "./boot-script.generated.ts";

/** Unit: bytes, before base64. EC2 refuses more (User Guide, "User data is limited to 16 KB, in raw form"). */
export const maxUserDataBytes = 16_384;

/** Names the boot script sets itself; a release may not set them, nor anything that begins with `KILN_`. */
export const reservedEnvironmentNames: readonly string[] = ["HOME", "PATH", "PORT"];

/** What one release needs to know at boot. */
export interface UserDataInput {
  stage: string;
  service: string;
  /** The release's name, for example `web-000042`. */
  generation: string;
  /** Where the program listens. 1024–65535: it runs without the right to lower ports. */
  port: number;
  /** SHA-256 of the whole header block of the release volume, hex: what everything on the volume is trusted by. */
  headerSha256: string;
  /** From SIGTERM to SIGKILL when the instance stops. Unit: seconds, 1–3600. */
  stopSeconds: number;
  environment: Readonly<Record<string, string>>;
}

/** Thrown when a release cannot be put into user data; the message names the value and what it may be. */
export class UserDataError extends Error {
  override readonly name = "UserDataError";
}

/**
 * The user data of an instance, not yet base64: the release's values as assignments, then the boot script.
 * @throws {UserDataError} a value that a shell or a systemd unit could misread, or more than 16 KB in all.
 */
export function renderUserData(input: UserDataInput): string {
  checkInput(input);
  const assignments = {
    KILN_STAGE: input.stage,
    KILN_SERVICE: input.service,
    KILN_GENERATION: input.generation,
    KILN_PORT: String(input.port),
    KILN_HEADER_SHA256: input.headerSha256,
    KILN_STOP_SECONDS: String(input.stopSeconds),
    KILN_ENVIRONMENT: Buffer.from(environmentLines(input.environment), "utf8").toString("base64"),
  };
  const lines = Object.entries(assignments).map(([name, value]) => `${name}='${value}'`);
  const text = `#!/bin/bash\n${lines.join("\n")}\n${bootScript}`;
  const bytes = Buffer.byteLength(text, "utf8");
  if (bytes > maxUserDataBytes) {
    throw new UserDataError(
      `user data may have ${maxUserDataBytes} bytes and would have ${bytes}: make the environment ${bytes - maxUserDataBytes} bytes (in base64) smaller`,
    );
  }
  return text;
}

/** `KEY=value` lines in the order of the keys, so that the same environment always gives the same user data. */
function environmentLines(environment: Readonly<Record<string, string>>): string {
  return Object.keys(environment)
    .sort()
    .map((name) => `${name}=${environment[name]}\n`)
    .join("");
}

function checkInput(input: UserDataInput): void {
  // These stand unquoted in the unit, so they are words: a name as stages, services and releases have it.
  for (const key of ["stage", "service", "generation"] as const) {
    if (!/^[A-Za-z0-9][A-Za-z0-9.-]{0,127}$/.test(input[key])) {
      throw new UserDataError(
        `expected ${key} to be letters, digits, dashes and dots, found ${JSON.stringify(input[key])}`,
      );
    }
  }
  if (!/^[0-9a-f]{64}$/.test(input.headerSha256)) throw new UserDataError("expected headerSha256 as 64 hex digits");
  checkRange("port", input.port, 1024, 65_535);
  checkRange("stopSeconds", input.stopSeconds, 1, 3600);
  for (const [name, value] of Object.entries(input.environment)) checkVariable(name, value);
}

function checkRange(key: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new UserDataError(`expected ${key} to be a whole number from ${least} to ${most}, found ${value}`);
  }
}

function checkVariable(name: string, value: string): void {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    throw new UserDataError(`expected the name of an environment variable, found ${JSON.stringify(name)}`);
  }
  if (reservedEnvironmentNames.includes(name) || name.startsWith("KILN_")) {
    throw new UserDataError(`environment variable ${name} is set by Kiln and cannot be set by a release`);
  }
  // systemd drops a variable with a control character other than tab from an environment file.
  if (/[^\P{Cc}\t]/u.test(value)) {
    throw new UserDataError(`environment variable ${name} contains a line break or control character`);
  }
}
