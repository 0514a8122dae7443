import { CloudWatchLogsClient, paginateFilterLogEvents } from "@aws-sdk/client-cloudwatch-logs";
import { type Connection, clientConfiguration } from "../../../cli/aws/connection.ts";

/** Everything that was written to log groups until now, by their names. */
export async function readLogs(connection: Connection, groups: readonly string[]): Promise<Map<string, string>> {
  const client = new CloudWatchLogsClient(clientConfiguration(connection));
  const logs = new Map<string, string>();
  try {
    for (const logGroupName of groups) {
      const lines: string[] = [];
      for await (const { events = [] } of paginateFilterLogEvents({ client }, { logGroupName })) {
        lines.push(...events.map(({ message = "" }) => message));
      }
      logs.set(logGroupName, lines.join("\n"));
    }
    return logs;
  } finally {
    client.destroy();
  }
}
