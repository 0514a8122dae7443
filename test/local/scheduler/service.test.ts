import { describe, expect, it } from "vitest";
import { AwsError } from "../../../local/core/aws-error.ts";
import { SchedulerService } from "../../../local/scheduler/service.ts";
import { cloudWith, refused, trustingSts } from "../events/cloud.ts";

const machine = "arn:aws:states:us-east-1:123456789012:stateMachine:sweep";
const RoleArn = "arn:aws:iam::123456789012:role/kiln/dev/scheduler";

async function schedulerCloud(startExecution: () => unknown = () => ({}), precisionSeconds = 0) {
  const cloud = await cloudWith((kernel) => kernel.register(new SchedulerService(kernel)), {
    schedulePrecisionSeconds: precisionSeconds,
  });
  const started = cloud.stub("states", { StartExecution: startExecution });
  const letters = cloud.stub("sqs", { SendMessage: () => ({}) });
  const call = cloud.on("scheduler");
  const schedule = (ScheduleExpression: string, more: object = {}, target: object = {}) => ({
    Name: "sweep",
    ScheduleExpression,
    FlexibleTimeWindow: { Mode: "OFF" },
    Target: { Arn: machine, RoleArn, Input: '{"service":"web"}', ...target },
    ...more,
  });
  const times = () => started.map(({ atMs }) => new Date(atMs).toISOString());
  return { ...cloud, started, letters, call, schedule, times };
}

const hourMs = 3_600_000;

describe("schedules", () => {
  it("call their target in their role, a rate at once and then in its rhythm", async () => {
    const { clock, stub, started, call, schedule, times } = await schedulerCloud();
    stub("sts", trustingSts);
    await call("CreateSchedule", schedule("rate(1 hour)"));
    await clock.advance(2 * hourMs);
    expect(times()).toEqual(["2026-01-01T00:00:00.000Z", "2026-01-01T01:00:00.000Z", "2026-01-01T02:00:00.000Z"]);
    expect(started[0]).toMatchObject({
      input: { stateMachineArn: machine, input: '{"service":"web"}' },
      caller: { kind: "role", name: "scheduler" },
    });
  });

  it("stay within their dates, and stop when they are disabled or deleted", async () => {
    const { clock, stub, call, schedule, times } = await schedulerCloud();
    stub("sts", trustingSts);
    const dates = { StartDate: new Date("2026-01-01T05:30:00Z"), EndDate: new Date("2026-01-01T08:00:00Z") };
    await call("CreateSchedule", schedule("cron(0 * * * ? *)", dates));
    await clock.advance(24 * hourMs);
    expect(times()).toEqual(["2026-01-01T06:00:00.000Z", "2026-01-01T07:00:00.000Z", "2026-01-01T08:00:00.000Z"]);
    await call("UpdateSchedule", schedule("rate(1 hour)", { State: "DISABLED" }));
    await clock.advance(24 * hourMs);
    expect(times()).toHaveLength(3);
    await call("UpdateSchedule", schedule("rate(1 hour)"));
    await call("DeleteSchedule", { Name: "sweep" });
    await clock.advance(24 * hourMs);
    expect(times()).toHaveLength(3);
  });

  it("disappear after their only time when asked to", async () => {
    const { clock, stub, call, schedule, times } = await schedulerCloud();
    stub("sts", trustingSts);
    const more = { ActionAfterCompletion: "DELETE", ScheduleExpressionTimezone: "Europe/Berlin" };
    await call("CreateSchedule", schedule("at(2026-01-01T12:00:00)", more));
    expect((await call("GetSchedule", { Name: "sweep" })).ScheduleExpressionTimezone).toBe("Europe/Berlin");
    await clock.advance(24 * hourMs);
    expect(times()).toEqual(["2026-01-01T11:00:00.000Z"]);
    expect((await refused(call("GetSchedule", { Name: "sweep" }))).code).toBe("ResourceNotFoundException");
  });

  it("run somewhere within their flexible window, and else within a minute", async () => {
    const { clock, stub, started, call, schedule } = await schedulerCloud(() => ({}), 60);
    stub("sts", trustingSts);
    await call("CreateSchedule", schedule("at(2026-01-01T01:00:00)"));
    const FlexibleTimeWindow = { Mode: "FLEXIBLE", MaximumWindowInMinutes: 60 };
    await call("CreateSchedule", { ...schedule("at(2026-01-01T03:00:00)"), Name: "flexible", FlexibleTimeWindow });
    await clock.advance(24 * hourMs);
    const minutes = started.map(({ atMs }) => (atMs - Date.UTC(2026, 0, 1)) / 60_000);
    expect(minutes[0]).toBeGreaterThan(60);
    expect(minutes[0]).toBeLessThan(61);
    expect(minutes[1]).toBeGreaterThan(181);
    expect(minutes[1]).toBeLessThan(240);
  });

  it("fill placeholders in their input, and send an event when they have none", async () => {
    const { clock, stub, started, call, schedule } = await schedulerCloud();
    stub("sts", trustingSts);
    const Input =
      '{"at":"<aws.scheduler.scheduled-time>","try":"<aws.scheduler.attempt-number>","id":"<aws.scheduler.execution-id>"}';
    await call("CreateSchedule", schedule("at(2026-01-01T01:00:00)", {}, { Input }));
    await call("CreateSchedule", { ...schedule("at(2026-01-01T02:00:00)", {}, { Input: undefined }), Name: "plain" });
    await clock.advance(3 * hourMs);
    const inputs = started.map(({ input }) => JSON.parse(input.input));
    expect(inputs[0]).toEqual({ at: "2026-01-01T01:00:00Z", try: "1", id: expect.stringMatching(/^[0-9a-f]{16}$/) });
    expect(inputs[1]).toMatchObject({ "detail-type": "Scheduled Event", source: "aws.scheduler", detail: "{}" });
  });

  it("call any API action through a universal target, in the shape of its request", async () => {
    const { clock, stub, started, call, schedule } = await schedulerCloud();
    stub("sts", trustingSts);
    const Arn = "arn:aws:scheduler:::aws-sdk:sfn:startExecution";
    const Input = JSON.stringify({ StateMachineArn: machine, Input: "{}" });
    await call("CreateSchedule", schedule("at(2026-01-01T01:00:00)", {}, { Arn, Input }));
    await clock.advance(2 * hourMs);
    // The SDK's schemas are read from files on the first use.
    while (started.length === 0) await clock.advance(0);
    expect(started[0]?.input).toEqual({ stateMachineArn: machine, input: "{}" });
    const reading = schedule(
      "rate(1 hour)",
      { Name: "reader" },
      { Arn: "arn:aws:scheduler:::aws-sdk:ec2:describeImages" },
    );
    expect((await refused(call("CreateSchedule", reading))).message).toBe("describeImages API is not supported");
  });

  it("send what a target refuses for good to the dead-letter queue, in their role", async () => {
    const { clock, stub, started, letters, call, schedule } = await schedulerCloud(() => {
      throw new AwsError("StateMachineDoesNotExist", "no such machine", 400);
    });
    stub("sts", trustingSts);
    const DeadLetterConfig = { Arn: "arn:aws:sqs:us-east-1:123456789012:dead" };
    await call("CreateSchedule", schedule("at(2026-01-01T01:00:00)", {}, { DeadLetterConfig }));
    await clock.advance(24 * hourMs);
    expect(started).toHaveLength(1);
    expect(letters).toHaveLength(1);
    expect(letters[0]).toMatchObject({
      caller: { kind: "role", name: "scheduler" },
      input: {
        MessageBody: '{"service":"web"}',
        MessageAttributes: { ERROR_CODE: { StringValue: "StateMachineDoesNotExist" } },
      },
    });
    // Source: Scheduler user guide, "Configuring a schedule's dead-letter queue", the dead-letter event.
    expect(Object.keys(letters[0]?.input.MessageAttributes).sort()).toEqual([
      "ERROR_CODE",
      "ERROR_MESSAGE",
      "EXECUTION_ID",
      "IS_PAYLOAD_TRUNCATED",
      "RETRY_ATTEMPTS",
      "SCHEDULED_TIME",
      "SCHEDULE_ARN",
      "TARGET_ARN",
    ]);
  });

  it("are refused for a role that does not trust Scheduler, an unknown group, zone, expression or target", async () => {
    const { stub, call, schedule } = await schedulerCloud();
    let trusts = false;
    stub("sts", {
      AssumeRole: (input) => {
        if (!trusts) throw new AwsError("AccessDenied", "not trusted", 403);
        return trustingSts.AssumeRole(input);
      },
    });
    const message = async (input: object) => (await refused(call("CreateSchedule", input))).message;
    expect(await message(schedule("rate(1 hour)"))).toContain(
      "must allow AWS EventBridge Scheduler to assume the role",
    );
    trusts = true;
    expect(await message(schedule("rate(1 hour)", { GroupName: "none" }))).toContain("Schedule group none");
    expect(await message(schedule("rate(1 hour)", { ScheduleExpressionTimezone: "Mars" }))).toContain("Mars");
    expect(await message(schedule("hourly"))).toContain("hourly");
    const stream = { Arn: "arn:aws:kinesis:us-east-1:123456789012:stream/s" };
    expect(await message(schedule("rate(1 hour)", {}, stream))).toContain("the embedded cloud does not have");
    await call("CreateSchedule", schedule("rate(1 hour)"));
    expect((await refused(call("CreateSchedule", schedule("rate(1 hour)")))).code).toBe("ConflictException");
  });

  // Sentences: measured on AWS in badmintoncryer/cdk-preflight, rules/scheduler.
  it("are refused in AWS's words for dates, windows and targets that do not fit", async () => {
    const { call, schedule } = await schedulerCloud();
    const message = async (more: object, target: object = {}) =>
      (await refused(call("CreateSchedule", schedule("rate(1 hour)", more, target)))).message;
    const day = (date: number) => new Date(Date.UTC(2027, 0, date));
    expect(await message({ StartDate: day(2), EndDate: day(1) })).toBe(
      "The StartDate you specify must come before the EndDate.",
    );
    expect(await message({ FlexibleTimeWindow: { Mode: "FLEXIBLE" } })).toBe(
      "MaximumWindowInMinutes must be provided when FlexibleTimeWindowMode is set to FLEXIBLE",
    );
    expect(await message({ FlexibleTimeWindow: { Mode: "OFF", MaximumWindowInMinutes: 1 } })).toBe(
      "MaximumWindowInMinutes must not be provided when FlexibleTimeWindowMode is set to OFF.",
    );
    const queue = "arn:aws:sqs:us-east-1:123456789012:q";
    const SqsParameters = { MessageGroupId: "g" };
    const sdk = "aws-sdk:sqs:sendMessage";
    for (const [target, sentence] of [
      [{ Input: "plain" }, "JSON syntax error in input for the target"],
      [{ SqsParameters }, "Parameters SqsParameters not supported for the target"],
      [{ Arn: `${queue}.fifo` }, "Parameters SqsParameters must be specified"],
      [{ Arn: queue, SqsParameters }, "Parameters MessageGroupId not valid for the target"],
      [
        { Arn: machine.replace("us-east-1", "eu-west-1") },
        "The target ARN provided does not match the current region us-east-1.",
      ],
      [{ Arn: `arn:aws:scheduler:us-east-1::${sdk}` }, "scheduler is not a supported service for a target"],
      [
        { Arn: `arn:aws:scheduler:::${sdk}`, Input: undefined },
        "You must provide an input to set this target for your schedule",
      ],
    ] as const) {
      expect(await message({}, target)).toBe(sentence);
    }
  });

  it("are made once when the request is repeated with its client token", async () => {
    const { stub, call, schedule, clock } = await schedulerCloud();
    stub("sts", trustingSts);
    const request = schedule("rate(1 hour)", { ClientToken: "once" });
    const first = await call("CreateSchedule", request);
    await clock.advance(1000);
    expect(await call("CreateSchedule", request)).toEqual(first);
    const other = { ...request, ScheduleExpression: "rate(2 hours)" };
    expect((await refused(call("CreateSchedule", other))).code).toBe("ConflictException");
  });
});

describe("schedule groups", () => {
  it("hold schedules, appear in lists, and take their schedules with them", async () => {
    const { stub, call, schedule, clock, started } = await schedulerCloud();
    stub("sts", trustingSts);
    await call("CreateScheduleGroup", { Name: "kiln-dev", Tags: [{ Key: "stage", Value: "dev" }] });
    await call(
      "CreateSchedule",
      schedule("rate(1 hour)", { GroupName: "kiln-dev", StartDate: new Date("2026-01-02") }),
    );
    const { Schedules } = await call("ListSchedules", { GroupName: "kiln-dev" });
    expect(Schedules).toMatchObject([{ Name: "sweep", GroupName: "kiln-dev", Target: { Arn: machine } }]);
    const { ScheduleGroups } = await call("ListScheduleGroups", {});
    expect(ScheduleGroups.map((group: { Name: string }) => group.Name)).toEqual(["default", "kiln-dev"]);
    await call("DeleteScheduleGroup", { Name: "kiln-dev" });
    await clock.advance(48 * hourMs);
    expect(started).toHaveLength(0);
    for (const operation of ["CreateScheduleGroup", "DeleteScheduleGroup"]) {
      expect(await refused(call(operation, { Name: "default" }))).toMatchObject({
        code: "ValidationException",
        message: "This operation cannot be performed on schedule group default.",
      });
    }
  });
});
