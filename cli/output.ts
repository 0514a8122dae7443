import { type CommandFailure, failureLines } from "./failure.ts";

/** What a command has to say at its end, for a program and for a person. */
export interface Result {
  json: Record<string, unknown>;
  /** Left out: the command has said everything on the way. */
  text?: string;
}

/** Where a command's words go: data on stdout, progress on stderr. */
export interface Output {
  /** One line of progress. */
  progress(line: string): void;
  /** A line of progress that the next one replaces; only shown on a terminal. */
  transient(line: string): void;
  result(result: Result): void;
  failure(failure: CommandFailure): void;
}

export interface Streams {
  stdout: { write(text: string): unknown };
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
  return {
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
      for (const text of failureLines(failure)) line(text);
      if (!json) return;
      const { name, message: what, left, fix, details, exitCode, facts } = failure;
      const error = { name, what, left, fix, ...(details.length > 0 && { details }) };
      streams.stdout.write(`${JSON.stringify({ ...facts, error, exitCode })}\n`);
    },
  };
}
