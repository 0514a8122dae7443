import { CloudWatchLogsClient, paginateFilterLogEvents } from "@aws-sdk/client-cloudwatch-logs";
import { type Connection, clientConfiguration } from "../../cli/aws/connection.ts";

/** What one function did, by the reports in its log. */
export interface FunctionUse {
  name: string;
  invocations: number;
  coldStarts: number;
  memoryMegabytes: number;
  /** Unit: modelled milliseconds. */
  billedMs: number;
  logBytes: number;
}

/** CloudWatch Logs adds this to each event when it bills. Source: "CloudWatch Logs quotas", event size. Unit: bytes. */
const bytesAnEvent = 26;

/** What the log groups took in since an instant, and what Lambda reported there about its functions. */
export async function usesSince(
  connection: Connection,
  groups: readonly string[],
  sinceMs: number,
): Promise<FunctionUse[]> {
  const client = new CloudWatchLogsClient(clientConfiguration(connection));
  try {
    const uses: FunctionUse[] = [];
    for (const logGroupName of groups) {
      const messages: string[] = [];
      const asked = { logGroupName, startTime: sinceMs };
      for await (const { events = [] } of paginateFilterLogEvents({ client }, asked)) {
        messages.push(...events.map(({ message = "" }) => message));
      }
      uses.push(useIn(logGroupName, messages));
    }
    return uses;
  } finally {
    client.destroy();
  }
}

/** Reads one group's messages. */
export function useIn(logGroupName: string, messages: readonly string[]): FunctionUse {
  const use: FunctionUse = {
    name: logGroupName.split("-").at(-1) ?? logGroupName,
    invocations: 0,
    coldStarts: 0,
    memoryMegabytes: 0,
    billedMs: 0,
    logBytes: 0,
  };
  for (const message of messages) {
    use.logBytes += Buffer.byteLength(message) + bytesAnEvent;
    const report = /^REPORT .*Billed Duration: (\d+) ms\tMemory Size: (\d+) MB/.exec(message);
    if (!report) continue;
    use.invocations += 1;
    use.billedMs += Number(report[1]);
    use.memoryMegabytes = Number(report[2]);
    if (message.includes("Init Duration:")) use.coldStarts += 1;
  }
  return use;
}
