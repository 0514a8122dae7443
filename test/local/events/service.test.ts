import { describe, expect, it } from "vitest";
import { AwsError } from "../../../local/core/aws-error.ts";
import { EventsService } from "../../../local/events/service.ts";
import { cloudWith, refused, trustingSts } from "./cloud.ts";

const machine = "arn:aws:states:us-east-1:123456789012:stateMachine:deploy";
const queue = "arn:aws:sqs:us-east-1:123456789012:dead";
const role = "arn:aws:iam::123456789012:role/kiln/dev/trigger";

async function eventsCloud(startExecution: () => unknown = () => ({})) {
  let service: EventsService | undefined;
  const cloud = await cloudWith((kernel) => {
    service = new EventsService(kernel);
    kernel.register(service);
  });
  const started = cloud.stub("states", { StartExecution: startExecution });
  const letters = cloud.stub("sqs", { SendMessage: () => ({}) });
  const call = cloud.on("events");
  const rule = async (target: object = {}, name = "push") => {
    const EventPattern = JSON.stringify({ source: ["aws.s3"], detail: { key: [{ prefix: "web/" }] } });
    await call("PutRule", { Name: name, EventPattern });
    await call("PutTargets", { Rule: name, Targets: [{ Id: "deploy", Arn: machine, RoleArn: role, ...target }] });
  };
  const emit = (key: string) =>
    cloud.kernel.emit("aws.event", {
      source: "aws.s3",
      "detail-type": "Object Created",
      resources: [],
      detail: { key },
      atMs: cloud.clock.now() - 2500,
    });
  if (!service) throw new Error("the service was not made");
  return { ...cloud, service, started, letters, call, rule, emit };
}

describe("rules on patterns", () => {
  it("start a state machine in the target's role with the event as AWS shapes it", async () => {
    const { clock, stub, started, rule, emit } = await eventsCloud();
    const assumed = stub("sts", trustingSts);
    await rule();
    emit("web/1.tgz");
    emit("layers/1.tgz");
    await clock.advance(0);
    expect(assumed).toMatchObject([{ input: { RoleArn: role }, caller: { name: "events.amazonaws.com" } }]);
    expect(started).toHaveLength(1);
    expect(started[0]?.caller).toMatchObject({ kind: "role", name: "trigger" });
    expect(started[0]?.input.stateMachineArn).toBe(machine);
    expect(JSON.parse(started[0]?.input.input)).toEqual({
      version: "0",
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      "detail-type": "Object Created",
      source: "aws.s3",
      account: "123456789012",
      time: "2025-12-31T23:59:57Z",
      region: "us-east-1",
      resources: [],
      detail: { key: "web/1.tgz" },
    });
  });

  it("say nothing while they are disabled", async () => {
    const { clock, stub, started, rule, emit, call } = await eventsCloud();
    stub("sts", trustingSts);
    await rule();
    await call("DisableRule", { Name: "push" });
    emit("web/1.tgz");
    await clock.advance(1000);
    expect(started).toHaveLength(0);
  });

  it("try again when the target is throttled, for as long as the retry policy says", async () => {
    let refusals = 3;
    const { clock, stub, started, letters, rule, emit } = await eventsCloud(() => {
      if (refusals-- > 0) throw new AwsError("ThrottlingException", "Rate exceeded", 400);
      return {};
    });
    stub("sts", trustingSts);
    await rule({ DeadLetterConfig: { Arn: queue } });
    emit("web/1.tgz");
    await clock.advance(60_000);
    expect(started).toHaveLength(4);
    expect(new Set(started.map(({ input }) => input.name)).size).toBe(1);
    expect(letters).toHaveLength(0);
  });

  it("give up after the allowed attempts and send the event to the dead-letter queue with the reason", async () => {
    const { clock, stub, started, letters, rule, emit } = await eventsCloud(() => {
      throw new AwsError("ServiceUnavailable", "try later", 503);
    });
    stub("sts", trustingSts);
    await rule({ DeadLetterConfig: { Arn: queue }, RetryPolicy: { MaximumRetryAttempts: 2 } });
    emit("web/1.tgz");
    await clock.advance(3_600_000);
    expect(started).toHaveLength(3);
    expect(letters).toHaveLength(1);
    expect(letters[0]?.caller.sourceArn).toBe("arn:aws:events:us-east-1:123456789012:rule/push");
    const attributes = letters[0]?.input.MessageAttributes;
    const text = Object.fromEntries(Object.keys(attributes).map((name) => [name, attributes[name].StringValue]));
    expect(text).toEqual({
      RULE_ARN: "arn:aws:events:us-east-1:123456789012:rule/push",
      TARGET_ARN: machine,
      ERROR_CODE: "ERROR_FROM_TARGET",
      ERROR_MESSAGE: "try later",
      EXHAUSTED_RETRY_CONDITION: "MaximumRetryAttempts",
      RETRY_ATTEMPTS: "2",
    });
    expect(JSON.parse(letters[0]?.input.MessageBody).detail).toEqual({ key: "web/1.tgz" });
  });

  it("do not try again what the target refuses for good, nor a role that does not trust EventBridge", async () => {
    const { clock, stub, started, letters, rule, emit } = await eventsCloud(() => {
      throw new AwsError("ExecutionAlreadyExists", "exists", 400);
    });
    let trusts = true;
    stub("sts", {
      AssumeRole: (input) => {
        if (!trusts) throw new AwsError("AccessDenied", "not trusted", 403);
        return trustingSts.AssumeRole(input);
      },
    });
    await rule({ DeadLetterConfig: { Arn: queue } });
    emit("web/1.tgz");
    await clock.advance(3_600_000);
    trusts = false;
    emit("web/2.tgz");
    await clock.advance(3_600_000);
    expect(started).toHaveLength(1);
    const codes = letters.map(({ input }) => input.MessageAttributes.ERROR_CODE.StringValue);
    expect(codes).toEqual(["RESOURCE_ALREADY_EXISTS", "FAILED_TO_ASSUME_ROLE"]);
  });

  it("deliver twice and out of order when told to", async () => {
    const { clock, stub, started, rule, emit, service } = await eventsCloud();
    stub("sts", trustingSts);
    await rule();
    service.disturbDeliveries(({ event }) => (event.detail["key"] === "web/1.tgz" ? [5, 9] : [0]));
    emit("web/1.tgz");
    emit("web/2.tgz");
    await clock.advance(10_000);
    const keys = started.map(({ input }) => JSON.parse(input.input).detail.key);
    expect(keys).toEqual(["web/2.tgz", "web/1.tgz", "web/1.tgz"]);
    expect(new Set(started.map(({ input }) => input.name)).size).toBe(3);
  });

  // Source: EventBridge user guide, "Event delivery": at least once, in no order.
  it("deliver some twice and any late when the cloud's settings say so, the same for the same seed", async () => {
    const deliveries = async () => {
      const { clock, kernel, stub, started, rule, emit, service } = await eventsCloud();
      stub("sts", trustingSts);
      kernel.settings.eventDisturbance = { duplicates: 0.5, delaySeconds: 30 };
      service.disturbDeliveries(undefined);
      await rule();
      for (let index = 0; index < 20; index++) emit(`web/${index}.tgz`);
      await clock.advance(30_000);
      return started.map(({ input }) => JSON.parse(input.input).detail.key as string);
    };
    const keys = await deliveries();
    expect(new Set(keys).size).toBe(20);
    expect(keys.length).toBeGreaterThan(20);
    expect(keys.length).toBeLessThan(40);
    expect([...new Set(keys)]).not.toEqual([...new Set(keys)].sort());
    expect(await deliveries()).toEqual(keys);
  });

  it("transform what the target receives", async () => {
    const { clock, stub, started, rule, emit } = await eventsCloud();
    stub("sts", trustingSts);
    const InputTransformer = {
      InputPathsMap: { key: "$.detail.key", missing: "$.detail.nothing", all: "$.detail" },
      InputTemplate:
        '{"artifact": <key>, "text": "pushed <key><missing>", "none": <missing>, "all": <all>, "rule": "<aws.events.rule-name>"}',
    };
    await rule({ InputTransformer });
    await rule({ InputPath: "$.detail.key" }, "path");
    await rule({ Input: '{"service":"web"}' }, "constant");
    emit('web/"1".tgz');
    await clock.advance(0);
    const inputs = started.map(({ input }) => JSON.parse(input.input));
    expect(inputs).toContainEqual({
      artifact: 'web/"1".tgz',
      text: 'pushed web/"1".tgz',
      none: "",
      all: { key: 'web/"1".tgz' },
      rule: "push",
    });
    expect(inputs).toContainEqual('web/"1".tgz');
    expect(inputs).toContainEqual({ service: "web" });
  });

  // Source: LocalStack's AWS-validated suite, test_events_inputs: the names and members AWS gives.
  it("give a template the whole event, and the event without its detail", async () => {
    const { clock, stub, started, rule, emit } = await eventsCloud();
    stub("sts", trustingSts);
    await rule({ InputTransformer: { InputTemplate: '{"plain":<aws.events.event>,"all":<aws.events.event.json>}' } });
    emit("web/1.tgz");
    await clock.advance(0);
    const { plain, all } = JSON.parse(started[0]?.input.input);
    expect(all).toMatchObject({ "detail-type": "Object Created", detail: { key: "web/1.tgz" } });
    expect(Object.keys(plain).sort()).toEqual(
      ["account", "detailType", "id", "region", "resources", "source", "time", "version"].sort(),
    );
    expect(plain).toMatchObject({ detailType: "Object Created", id: all.id });
  });

  it("reach queues, topics, functions and log groups as the service itself, naming the rule", async () => {
    const { clock, stub, letters, rule, emit } = await eventsCloud();
    const invoked = stub("lambda", { Invoke: () => ({}) });
    const published = stub("sns", { Publish: () => ({}) });
    const logged = stub("logs", { CreateLogStream: () => ({}), PutLogEvents: () => ({}) });
    const arn = (service: string, resource: string) => `arn:aws:${service}:us-east-1:123456789012:${resource}`;
    await rule({ Arn: queue, RoleArn: undefined }, "a");
    await rule({ Arn: arn("sns", "news"), RoleArn: undefined }, "b");
    await rule({ Arn: arn("lambda", "function:observe"), RoleArn: undefined }, "c");
    await rule({ Arn: arn("logs", "log-group:/aws/events/all"), RoleArn: undefined }, "d");
    emit("web/1.tgz");
    await clock.advance(0);
    expect(letters[0]).toMatchObject({
      input: { QueueUrl: "http://127.0.0.1:4566/123456789012/dead" },
      caller: { kind: "service", sourceArn: arn("events", "rule/a") },
    });
    expect(published[0]?.input.TopicArn).toBe(arn("sns", "news"));
    expect(invoked[0]?.input).toMatchObject({
      FunctionName: arn("lambda", "function:observe"),
      InvocationType: "Event",
    });
    expect(logged.map(({ input }) => input.logGroupName)).toEqual(["/aws/events/all", "/aws/events/all"]);
  });
});

describe("rules on schedules", () => {
  it("fire at their times in UTC with a Scheduled Event", async () => {
    const { clock, stub, started, call } = await eventsCloud();
    stub("sts", trustingSts);
    await call("PutRule", { Name: "nightly", ScheduleExpression: "cron(0 3 * * ? *)" });
    await call("PutTargets", { Rule: "nightly", Targets: [{ Id: "t", Arn: machine, RoleArn: role }] });
    await clock.advance(27 * 3_600_000);
    expect(started.map(({ atMs }) => new Date(atMs).toISOString())).toEqual([
      "2026-01-01T03:00:00.000Z",
      "2026-01-02T03:00:00.000Z",
    ]);
    expect(JSON.parse(started[0]?.input.input)).toMatchObject({
      "detail-type": "Scheduled Event",
      source: "aws.events",
      time: "2026-01-01T03:00:00Z",
      resources: ["arn:aws:events:us-east-1:123456789012:rule/nightly"],
      detail: {},
    });
    await call("DisableRule", { Name: "nightly" });
    await clock.advance(48 * 3_600_000);
    expect(started).toHaveLength(2);
  });
});

describe("the API", () => {
  it("refuses rules and targets that AWS refuses", async () => {
    const { call, rule } = await eventsCloud();
    const message = async (operation: string, input: object) => (await refused(call(operation, input))).message;
    expect(await message("PutRule", { Name: "r" })).toContain("EventPattern or ScheduleExpression");
    expect(await message("PutRule", { Name: "r", ScheduleExpression: "rate(1 minutes)" })).toContain(
      "ScheduleExpression",
    );
    expect(await message("PutRule", { Name: "r", EventPattern: "{}" })).toContain("Empty objects");
    expect(await message("PutRule", { Name: "r", EventPattern: '{"a":[1]}', EventBusName: "mine" })).toContain("mine");
    await rule();
    expect(await message("DeleteRule", { Name: "push" })).toBe("Rule can't be deleted since it has targets.");
    const targets = (target: object) => message("PutTargets", { Rule: "push", Targets: [{ Id: "x", ...target }] });
    expect(await targets({ Arn: machine })).toContain("RoleArn is required");
    expect(await targets({ Arn: machine, RoleArn: role, Input: "{" })).toContain("JSON syntax error");
    const InputTransformer = { InputPathsMap: { key: "$.detail.key" }, InputTemplate: '"<key> of <nothing>"' };
    expect(await targets({ Arn: machine, RoleArn: role, InputTransformer })).toBe(
      "InputTemplate for target x contains invalid placeholder nothing.",
    );
    const shaped = (paths: object, InputTemplate: string) =>
      targets({ Arn: queue, InputTransformer: { InputPathsMap: paths, InputTemplate } });
    // Sentences: measured on AWS in badmintoncryer/cdk-preflight, rules/events.
    const place = "InputPath for target x is invalid.";
    expect(await targets({ Arn: queue, InputPath: "detail" })).toBe(place);
    expect(await shaped({ key: "$.detail['key']" }, '"<key>"')).toBe(place);
    expect(await shaped({}, "[<aws.events.event.json>]")).toBe(
      "InputTemplate for target x contains placeholder aws.events.event.json valid only for JSON template.",
    );
    expect(await targets({ Arn: `${queue}.fifo` })).toBe("Parameter(s) SqsParameters must be specified for target: x");
    expect(await targets({ Arn: queue, EcsParameters: {} })).toBe(
      "Parameter(s) EcsParameters not supported for target: x",
    );
    const letters = (Arn: string) => targets({ Arn: queue, DeadLetterConfig: { Arn } });
    expect(await letters("arn:aws:sns:us-east-1:123456789012:t")).toBe(
      "sns is not supported as a dead letter resource",
    );
    expect(await letters(`${queue}.fifo`)).toBe("SQS FIFO is not supported by Dead Letter Queues");
    const twice = [1, 2].map(() => ({ Id: "x", Arn: queue }));
    expect(await message("PutTargets", { Rule: "push", Targets: twice })).toBe(
      "Parameter targets is not valid. Reason: More than one target with Id 'x' is provided.",
    );
    const long = JSON.stringify({ source: ["x".repeat(2048)] });
    expect(await message("PutRule", { Name: "r", EventPattern: long })).toBe(
      "Parameter EventPattern for rule r exceeds limit of 2048.",
    );
    expect(await targets({ Arn: "arn:aws:kinesis:us-east-1:123456789012:stream/s" })).toContain("does not have");
    const entry = { FailedEntryCount: 1, Entries: [{ ErrorCode: "NotAuthorizedForSourceException" }] };
    const forged = { Source: "aws.s3", DetailType: "x", Detail: "{}" };
    expect(await call("PutEvents", { Entries: [forged] })).toMatchObject(entry);
  });

  it("takes a program's own events to the rules", async () => {
    const { clock, stub, started, call } = await eventsCloud();
    stub("sts", trustingSts);
    await call("PutRule", { Name: "own", EventPattern: '{"source":["kiln"]}' });
    await call("PutTargets", { Rule: "own", Targets: [{ Id: "t", Arn: machine, RoleArn: role }] });
    const Time = new Date("2026-02-03T04:05:06.789Z");
    const entries = [{ Source: "kiln", DetailType: "Live", Detail: '{"service":"web"}', Time }, { Source: "kiln" }];
    const answer = await call("PutEvents", { Entries: entries });
    expect(answer).toMatchObject({ FailedEntryCount: 1, Entries: [{}, { ErrorCode: "InvalidArgument" }] });
    await clock.advance(0);
    const input = JSON.parse(started[0]?.input.input);
    expect(input).toMatchObject({ id: answer.Entries[0].EventId, time: "2026-02-03T04:05:06Z" });
  });

  // Source: LocalStack's AWS-validated suite, test_events_patterns: what AWS took and refused, and how.
  it("tests an event with the members AWS asks for, and refuses any other in AWS's words", async () => {
    const { call } = await eventsCloud();
    const event = {
      id: "1",
      account: "123456789012",
      source: "order",
      time: "2026-01-01T00:00:00Z",
      region: "us-east-1",
      "detail-type": "Test",
    };
    const test = (tested: unknown, EventPattern = '{"source":["order"]}') =>
      call("TestEventPattern", { EventPattern, Event: typeof tested === "string" ? tested : JSON.stringify(tested) });
    expect(await test(event)).toEqual({ Result: true });
    expect(await test({ ...event, source: "other" })).toEqual({ Result: false });
    for (const wrong of ["plain string", ["plain"], { testEvent: "value" }]) {
      expect(await refused(test(wrong))).toMatchObject({
        code: "ValidationException",
        message: "Parameter Event is not valid.",
      });
    }
    expect((await refused(test(event, '{"int":42}'))).message).toBe(
      'Event pattern is not valid. Reason: "int" must be an object or an array',
    );
  });

  // Source: PutEvents API reference on partial failure; aws/aws-sdk-java-v2 issue 3173 on a bus that does not exist.
  it("takes events for a bus that does not exist without effect, and refuses entries one by one", async () => {
    const { clock, stub, started, call, rule, logged } = await eventsCloud();
    stub("sts", trustingSts);
    await rule();
    await call("PutRule", { Name: "push", EventPattern: '{"source":["kiln"]}' });
    const entry = { Source: "kiln", DetailType: "Live", Detail: "{}" };
    const { FailedEntryCount, Entries } = await call("PutEvents", {
      Entries: [
        { ...entry, EventBusName: "nowhere" },
        { ...entry, Detail: "[1]" },
        { ...entry, DetailType: "" },
        entry,
      ],
    });
    expect(FailedEntryCount).toBe(2);
    expect(Entries.map(({ ErrorCode = "taken" }) => ErrorCode)).toEqual([
      "taken",
      "MalformedDetail",
      "InvalidArgument",
      "taken",
    ]);
    await clock.advance(0);
    expect(started.map(({ input }) => JSON.parse(input.input).id)).toEqual([Entries[3].EventId]);
    expect(logged.join()).toContain("nowhere");
  });

  it("needs iam:PassRole for the role of a target", async () => {
    const { kernel, call, rule } = await eventsCloud();
    await rule();
    kernel.judge = (_caller, { action, context }) =>
      action === "iam:PassRole" ? `because of ${context?.["iam:PassedToService"]}` : undefined;
    const input = { Rule: "push", Targets: [{ Id: "t", Arn: machine, RoleArn: role }] };
    const error = await refused(call("PutTargets", input));
    expect(error.message).toContain(`iam:PassRole on resource: ${role} because of events.amazonaws.com`);
  });
});
