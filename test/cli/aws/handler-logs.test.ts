import type { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import { expect, test } from "vitest";
import { HandlerLogs, handlers } from "../../../cli/aws/handler-logs.ts";

type Input = FilterLogEventsCommand["input"];

function logs(answer: (input: Input) => unknown) {
  const asked: Input[] = [];
  const send = async ({ input }: { input: Input }) => {
    asked.push(input);
    return answer(input);
  };
  return { asked, logs: new HandlerLogs({ send } as unknown as CloudWatchLogsClient, "dev") };
}

test("asks every handler for lines that name any of the terms, and reads them to the last page", async () => {
  const structured = { level: "ERROR", message: "failed", error: { name: "BakeFailedError", message: "no disk" } };
  const { asked, logs: reader } = logs(({ logGroupName, nextToken }) => {
    if (logGroupName !== "/aws/lambda/kiln-dev-bake") return {};
    if (!nextToken) return { events: [{ timestamp: 0, message: JSON.stringify(structured) }], nextToken: "more" };
    return { events: [{ timestamp: 1000, message: "REPORT RequestId: x\n" }] };
  });
  const lines = await reader.naming(["web-000001", "arn:e"], 5);
  expect(lines).toEqual([
    {
      at: "1970-01-01T00:00:00.000Z",
      source: "functions",
      from: "bake",
      text: "ERROR  failed  BakeFailedError: no disk",
    },
    { at: "1970-01-01T00:00:01.000Z", source: "functions", from: "bake", text: "REPORT RequestId: x" },
  ]);
  expect(asked).toHaveLength(handlers.length + 1);
  expect(asked[0]).toMatchObject({ filterPattern: '?"web-000001" ?"arn:e"', startTime: 5 });
});

test("a function that never ran has no lines; a search without end is told", async () => {
  const missing = logs(() => {
    throw Object.assign(new Error("no"), { name: "ResourceNotFoundException" });
  });
  expect(await missing.logs.naming(["web"], 0)).toEqual([]);
  const endless = logs(({ logGroupName }) => (logGroupName?.endsWith("-admit") ? { nextToken: "more" } : {}));
  expect(await endless.logs.naming(["web"], 0)).toMatchObject([{ text: "more is in /aws/lambda/kiln-dev-admit" }]);
});
