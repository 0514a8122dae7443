import { type CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { isNamed } from "../../shared/errors.ts";
import type { LogLine } from "../logs/line.ts";

/** The handlers that work on a release; `probe` logs nothing of its own. */
export const handlers = ["admit", "base", "bake", "launch", "validate", "cutover", "reap", "settle"] as const;

/**
 * Unit: pages of one function's log. Each covers what CloudWatch Logs searched in one go, often nothing at all
 * (FilterLogEvents: "partially full or empty pages"); more would cost a person minutes.
 */
const mostPages = 40;

/** What the handlers' Lambda functions logged. */
export class HandlerLogs {
  readonly #logs: CloudWatchLogsClient;
  readonly #stage: string;

  constructor(logs: CloudWatchLogsClient, stage: string) {
    this.#logs = logs;
    this.#stage = stage;
  }

  /**
   * Lines that name any of these terms, such as a generation or an execution.
   * @param sinceMs Unit: milliseconds since the Unix epoch.
   */
  async naming(terms: readonly string[], sinceMs: number): Promise<LogLine[]> {
    const filterPattern = terms.map((term) => `?"${term.replaceAll('"', "")}"`).join(" ");
    const found = await Promise.all(handlers.map((handler) => this.#of(handler, filterPattern, sinceMs)));
    return found.flat();
  }

  async #of(handler: string, filterPattern: string, startTime: number): Promise<LogLine[]> {
    const logGroupName = `/aws/lambda/kiln-${this.#stage}-${handler}`;
    const lines: LogLine[] = [];
    let nextToken: string | undefined;
    try {
      for (let page = 0; page < mostPages; page++) {
        const input = { logGroupName, filterPattern, startTime, ...(nextToken && { nextToken }) };
        const answer = await this.#logs.send(new FilterLogEventsCommand(input));
        for (const { timestamp = 0, message = "" } of answer.events ?? []) {
          const at = new Date(timestamp).toISOString();
          lines.push({ at, source: "functions", from: handler, text: messageText(message) });
        }
        nextToken = answer.nextToken;
        if (!nextToken) return lines;
      }
      return [...lines, { at: null, source: "functions", from: handler, text: `more is in ${logGroupName}` }];
    } catch (error) {
      // A function that never ran has no log group.
      if (isNamed(error, "ResourceNotFoundException")) return lines;
      throw error;
    }
  }
}

interface Structured {
  level?: string;
  message?: string;
  status?: string;
  error?: { name?: string; message?: string };
}

/** The handlers log JSON; a person wants level, message and what went wrong. */
function messageText(message: string): string {
  try {
    const { level, message: text, status, error } = JSON.parse(message) as Structured;
    const wrong = error && [error.name, error.message].filter(Boolean).join(": ");
    return [level, text, status, wrong].filter(Boolean).join("  ");
  } catch {
    return message.trimEnd();
  }
}
