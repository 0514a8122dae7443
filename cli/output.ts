import { type CommandFailure, failureLines } from "./failure.ts";
import { paintFor } from "./terminal/colour.ts";
import type { LineScreen } from "./terminal/live-lines.ts";

/** What a command has to say at its end, for a program and for a person. */
export interface Result {
  json: Record<string, unknown>;
  /** Left out: the command has said everything on the way. */
  text?: string;
}

/** Where a command's words go: data on stdout, progress on stderr. */
export interface Output {
  /** One JSON object is wanted at the end, and nothing else on stdout. */
  readonly json: boolean;
  /** Where data goes, for a command that draws. */
  readonly screen: LineScreen;
  /** A line of data before the end, for a command that follows something; with `--json` it goes the way of progress. */
  data(line: string): void;
  /** One line of progress. */
  progress(line: string): void;
  /** A line of progress that the next one replaces; only shown on a terminal. */
  transient(line: string): void;
  result(result: Result): void;
  failure(failure: CommandFailure): void;
}

export interface Streams {
  stdout: LineScreen;
  stderr: { write(text: string): unknown; isTTY?: boolean; columns?: number };
}

/** @param json One JSON object as the last line of stdout, whatever happens; nothing else goes there. */
export function outputTo(streams: Streams, json: boolean): Output {
  let open = false;
  const clear = () => {
    if (open) streams.stderr.write("\r\u001b[2K");
    open = false;
  };
  const line = (text: string) => {
    clear();
    streams.stderr.write(`${text}\n`);
  };
  const paint = paintFor(streams.stderr);
  return {
    json,
    screen: streams.stdout,
    data(text) {
      clear();
      (json ? streams.stderr : streams.stdout).write(`${text}\n`);
    },
    progress: line,
    transient(text) {
      if (!streams.stderr.isTTY) return;
      clear();
      streams.stderr.write(text.slice(0, (streams.stderr.columns ?? 80) - 1));
      open = true;
    },
    result(result) {
      clear();
      if (json) streams.stdout.write(`${JSON.stringify(result.json)}\n`);
      else if (result.text !== undefined) streams.stdout.write(`${result.text}\n`);
    },
    failure(failure) {
      for (const text of failureLines(failure, paint)) line(text);
      if (!json) return;
      const { name, message: what, left, fix, details, exitCode, facts } = failure;
      const error = { name, what, left, fix, ...(details.length > 0 && { details }) };
      streams.stdout.write(`${JSON.stringify({ ...facts, error, exitCode })}\n`);
    },
  };
}
