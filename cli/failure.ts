import { KilnError } from "../shared/errors.ts";
import { type Paint, plain } from "./terminal/colour.ts";

/** How a command ends. 0 done, 1 failed clean, 2 wrong usage, 3 failed and left something behind. */
export type ExitCode = 0 | 1 | 2 | 3;

/** What a person needs to know when a command fails: what happened, the state it left, what to do. */
export class CommandFailure extends Error {
  override readonly name: string;
  readonly exitCode: Exclude<ExitCode, 0>;
  readonly left: string;
  readonly fix: string;
  /** Single findings, such as each problem of a spec; printed below what happened. */
  readonly details: readonly string[];
  /** What is known all the same, for `--json`. */
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(
    failure: {
      name?: string;
      what: string;
      left: string;
      fix: string;
      exitCode?: Exclude<ExitCode, 0>;
      details?: readonly string[];
      facts?: Readonly<Record<string, unknown>>;
    },
    options?: ErrorOptions,
  ) {
    super(failure.what, options);
    this.name = failure.name ?? "CommandFailure";
    this.exitCode = failure.exitCode ?? 1;
    this.left = failure.left;
    this.fix = failure.fix;
    this.details = failure.details ?? [];
    this.facts = failure.facts ?? {};
  }
}

export const nothingDone = "Nothing was done.";

/** A command was called in a way it does not understand. */
export function wrongUsage(what: string, fix: string): CommandFailure {
  return new CommandFailure({ name: "WrongUsage", what, left: nothingDone, fix, exitCode: 2 });
}

/**
 * Any error as a failure a person can act on.
 * @param left What the command may have left when something it did not expect goes wrong.
 */
export function asFailure(error: unknown, left: string): CommandFailure {
  if (error instanceof CommandFailure) return error;
  if (error instanceof KilnError) {
    const what = error.message.replace(error.fix, "").trim();
    return new CommandFailure({ name: error.name, what, left, fix: error.fix }, { cause: error });
  }
  if (!(error instanceof Error)) return asFailure(new Error(String(error)), left);
  const refused = refusedConnection(error);
  if (refused) {
    const what = `Nothing answers at ${refused}.`;
    const fix = "Start the embedded cloud (npm run kiln -- up), or check the endpoint.";
    return new CommandFailure({ name: "NotReachable", what, left, fix }, { cause: error });
  }
  return new CommandFailure({ name: error.name, what: sentence(error), left, fix: adviceFor(error) }, { cause: error });
}

/** The three lines of a failure, with its findings below the first. */
export function failureLines({ message, details, left, fix }: CommandFailure, paint: Paint = plain): string[] {
  const findings = details.map((detail) => `  ${detail}`);
  return [
    `${paint("bad", "error:")} ${message}`,
    ...findings,
    `${paint("warning", "state:")} ${left}`,
    `${paint("good", "to do:")} ${fix}`,
  ];
}

function sentence(error: Error): string {
  const text = error.message.trim() || "no reason was given";
  return error.name === "Error" || text.startsWith(error.name) ? text : `${error.name}: ${text}`;
}

function adviceFor(error: Error): string {
  if (/AccessDenied|UnauthorizedOperation|AuthorizationError/.test(error.name)) {
    return "Use credentials that allow this action.";
  }
  if (/Credentials|ExpiredToken|InvalidClientTokenId|SignatureDoesNotMatch/.test(error.name)) {
    return "Check the credentials: aws sts get-caller-identity.";
  }
  return "See what it says; when it makes no sense, run it again and report it with its output.";
}

function refusedConnection(error: Error): string | undefined {
  const { code, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (code !== "ECONNREFUSED" && code !== "ENOTFOUND") return undefined;
  return address === undefined ? "the endpoint" : `${address}:${port}`;
}
