import { beforeEach, describe, expect, it } from "vitest";
import { VirtualClock } from "../../../local/core/clock.ts";
import { type Caller, Kernel } from "../../../local/core/kernel.ts";
import { settingsWith } from "../../../local/core/settings.ts";
import { LogsService } from "../../../local/logs/service.ts";

const administrator: Caller = {
  kind: "user",
  arn: "arn:aws:iam::123456789012:user/admin",
  accountId: "123456789012",
  name: "admin",
};
const start = Date.UTC(2026, 0, 1);

let clock: VirtualClock;
let kernel: Kernel;

beforeEach(() => {
  clock = new VirtualClock();
  kernel = new Kernel(settingsWith(), clock);
  kernel.judge = () => undefined;
  kernel.register(new LogsService(kernel));
});

function call<O = unknown>(operation: string, input: object): Promise<O> {
  return kernel.call<O>("logs", operation, input, administrator);
}

/** A page of events, without the SDK's metadata. */
interface Page {
  events: { message: string }[];
  nextForwardToken: string;
}

async function makeStream(logGroupName = "/aws/lambda/web", logStreamName = "one"): Promise<void> {
  await call("CreateLogGroup", { logGroupName }).catch(() => undefined);
  await call("CreateLogStream", { logGroupName, logStreamName });
}

function put(messages: string[], logStreamName = "one", timestamp = clock.now()) {
  const logEvents = messages.map((message, index) => ({ timestamp: timestamp + index, message }));
  return call("PutLogEvents", { logGroupName: "/aws/lambda/web", logStreamName, logEvents });
}

async function filtered(filterPattern: string): Promise<string[]> {
  const found = await call<Page>("FilterLogEvents", { logGroupName: "/aws/lambda/web", filterPattern });
  return found.events.map((event) => event.message);
}

describe("log groups", () => {
  it("are described with their retention", async () => {
    await call("CreateLogGroup", { logGroupName: "/aws/lambda/web", tags: { "kiln:stage": "dev" } });
    await call("PutRetentionPolicy", { logGroupName: "/aws/lambda/web", retentionInDays: 30 });
    expect(await call("DescribeLogGroups", { logGroupNamePrefix: "/aws/lambda" })).toMatchObject({
      logGroups: [
        {
          logGroupName: "/aws/lambda/web",
          retentionInDays: 30,
          creationTime: start,
          arn: "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/web:*",
          logGroupArn: "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/web",
        },
      ],
    });
    const resourceArn = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/web";
    expect(await call("ListTagsForResource", { resourceArn })).toEqual({ tags: { "kiln:stage": "dev" } });
  });

  it("exist once, and have no odd retention", async () => {
    await call("CreateLogGroup", { logGroupName: "a" });
    await expect(call("CreateLogGroup", { logGroupName: "a" })).rejects.toMatchObject({
      code: "ResourceAlreadyExistsException",
    });
    await expect(call("PutRetentionPolicy", { logGroupName: "a", retentionInDays: 2 })).rejects.toMatchObject({
      code: "InvalidParameterException",
    });
  });

  it("take their streams and events with them", async () => {
    await makeStream();
    await put(["hello"]);
    await call("DeleteLogGroup", { logGroupName: "/aws/lambda/web" });
    await expect(put(["again"])).rejects.toMatchObject({ code: "ResourceNotFoundException" });
    await makeStream();
    expect(await filtered("")).toEqual([]);
  });
});

describe("log events", () => {
  it("are read back from the end or the start, page by page", async () => {
    await makeStream();
    for (let batch = 0; batch < 5; batch++) {
      const messages = Array.from({ length: 40 }, (_, index) => `event ${batch * 40 + index}`);
      await put(messages, "one", start + batch * 100);
    }
    const place = { logGroupName: "/aws/lambda/web", logStreamName: "one" };
    const newest = await call<Page>("GetLogEvents", { ...place, limit: 2 });
    expect(newest.events.map((event) => event.message)).toEqual(["event 198", "event 199"]);
    const first = await call<Page>("GetLogEvents", { ...place, limit: 150, startFromHead: true });
    const second = await call<Page>("GetLogEvents", { ...place, nextToken: first.nextForwardToken });
    expect(first.events).toHaveLength(150);
    expect(second.events).toHaveLength(50);
    expect(second.events[0]?.message).toBe("event 150");
    const end = await call<Page>("GetLogEvents", { ...place, nextToken: second.nextForwardToken });
    expect(end.events).toEqual([]);
    expect(end.nextForwardToken).toBe(second.nextForwardToken);
  });

  it("of several streams are interleaved by time", async () => {
    await makeStream();
    await makeStream("/aws/lambda/web", "two");
    await put(["b"], "two", start + 10);
    await put(["a", "c"], "one", start + 5);
    await put(["d"], "one", start + 20);
    expect(await filtered("")).toEqual(["a", "c", "b", "d"]);
  });

  it("of one instant keep the order in which they came", async () => {
    await makeStream();
    const messages = ["START", "one", "two", "END", "REPORT"];
    const logEvents = messages.map((message) => ({ timestamp: start, message }));
    await call("PutLogEvents", { logGroupName: "/aws/lambda/web", logStreamName: "one", logEvents });
    expect(await filtered("")).toEqual(messages);
  });

  it("are refused out of order, and rejected when too old or too new", async () => {
    await makeStream();
    const place = { logGroupName: "/aws/lambda/web", logStreamName: "one" };
    const logEvents = [
      { timestamp: start + 1, message: "b" },
      { timestamp: start, message: "a" },
    ];
    await expect(call("PutLogEvents", { ...place, logEvents })).rejects.toThrow(/chronological order/);
    const late = [{ timestamp: start + 3 * 3_600_000, message: "future" }];
    expect(await call("PutLogEvents", { ...place, logEvents: late })).toMatchObject({
      rejectedLogEventsInfo: { tooNewLogEventStartIndex: 0 },
    });
    const old = [{ timestamp: start - 15 * 86_400_000, message: "past" }];
    expect(await call("PutLogEvents", { ...place, logEvents: old })).toMatchObject({
      rejectedLogEventsInfo: { tooOldLogEventEndIndex: 1 },
    });
    expect(await filtered("")).toEqual([]);
  });

  it("disappear when the group's retention has passed", async () => {
    await makeStream();
    await call("PutRetentionPolicy", { logGroupName: "/aws/lambda/web", retentionInDays: 1 });
    await put(["old"]);
    await clock.advance(25 * 3_600_000);
    await put(["new"]);
    expect(await filtered("")).toEqual(["new"]);
  });

  it("are permitted by the stream's ARN", async () => {
    await makeStream();
    const asked: string[] = [];
    kernel.judge = (_caller, { action, resource }) => {
      asked.push(`${action} ${resource}`);
      return undefined;
    };
    await put(["hello"]);
    expect(asked).toEqual([
      "logs:PutLogEvents arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/web:log-stream:one",
    ]);
  });
});

describe("filter patterns", () => {
  const messages = [
    "[ERROR] 400 bad request",
    "[ERROR] 500 no lease",
    "[WARN] slow",
    '{"level":"ERROR","attempt":3,"user":{"name":"ann"},"done":true}',
    '{"level":"INFO","attempt":1}',
  ];

  it.each([
    ["ERROR", [0, 1, 3]],
    ["ERROR -500", [0, 3]],
    ["?WARN ?400", [0, 2]],
    ['"bad request"', [0]],
    ["%[45]00%", [0, 1]],
    ['{ $.level = "ERROR" }', [3]],
    ["{ $.attempt >= 1 && $.level = IN* }", [4]],
    ['{ ($.user.name = "ann") || ($.attempt < 2) }', [3, 4]],
    ["{ $.done IS TRUE }", [3]],
    ["{ $.user NOT EXISTS }", [4]],
  ])("%s finds its events", async (pattern, expected) => {
    await makeStream();
    await put(messages);
    expect(await filtered(pattern)).toEqual(expected.map((index) => messages[index]));
  });

  it("that this cloud lacks are refused", async () => {
    await makeStream();
    await expect(filtered("[ip, user, ...]")).rejects.toMatchObject({ code: "InvalidParameterException" });
    await expect(filtered("{ $.level = }")).rejects.toMatchObject({ code: "InvalidParameterException" });
  });
});
