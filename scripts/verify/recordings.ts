import { TestEventPatternCommand } from "@aws-sdk/client-eventbridge";
import { CreateRoleCommand, DeleteRoleCommand } from "@aws-sdk/client-iam";
import {
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  GetExecutionHistoryCommand,
  StartExecutionCommand,
} from "@aws-sdk/client-sfn";
import type { RecordedExecution } from "../conformance/executions.ts";
import type { RecordedPattern } from "../conformance/patterns.ts";
import type { RecordedEvent } from "../conformance/recorded-services.ts";
import type { Account } from "./account.ts";

/** Machines whose whole history is recorded: what Kiln's machines are made of, without any task. Step Functions' free tier. */
const machines: Readonly<Record<string, { States: Record<string, unknown>; StartAt: string; input: unknown }>> = {
  "variables outlive the state that fails": {
    StartAt: "Set",
    input: { cause: '{"errorMessage":"no"}' },
    States: {
      Set: { Type: "Pass", Assign: { seen: "{% $parse($states.input.cause).errorMessage %}" }, Next: "Judge" },
      Judge: {
        Type: "Choice",
        Choices: [{ Condition: "{% $exists($seen) and $contains($seen, 'no') %}", Next: "Stop" }],
        Default: "Go",
      },
      Stop: { Type: "Fail", Error: "Refused", Cause: "{% 'it said ' & $seen %}" },
      Go: { Type: "Succeed" },
    },
  },
  "a map over nothing and over something": {
    StartAt: "Over",
    input: { some: [1, 2], none: [] },
    States: {
      Over: {
        Type: "Map",
        Items: "{% $states.input.some %}",
        MaxConcurrency: 1,
        ItemProcessor: {
          ProcessorConfig: { Mode: "INLINE" },
          StartAt: "Double",
          States: { Double: { Type: "Pass", Output: "{% $states.input * 2 %}", End: true } },
        },
        Next: "Nothing",
        Output: "{% {'none': $states.context.Execution.Input.none, 'doubled': $states.result} %}",
      },
      Nothing: { Type: "Succeed", Output: "{% $count($states.input.none) %}" },
    },
  },
  "an expression that yields nothing": {
    StartAt: "Look",
    input: {},
    States: { Look: { Type: "Pass", Output: "{% $states.input.missing %}", End: true } },
  },
};

/** Runs machines without tasks and records their histories as the conformance command reads them. */
export async function recordExecutions(account: Account): Promise<RecordedExecution[]> {
  const roleArn = await machineRole(account);
  const recorded: RecordedExecution[] = [];
  for (const [index, [name, { input, ...rest }]] of Object.entries(machines).entries()) {
    const definition = { QueryLanguage: "JSONata", ...rest };
    const create = new CreateStateMachineCommand({
      name: account.name(`machine-${index}`),
      definition: JSON.stringify(definition),
      roleArn,
      tags: account.tags.map(({ Key, Value }) => ({ key: Key, value: Value })),
    });
    const { stateMachineArn = "" } = await account.until("the role to be trusted", () =>
      account.sfn.send(create).catch(notTrustedYet),
    );
    account.cleanUp(`machine ${index}`, () => account.sfn.send(new DeleteStateMachineCommand({ stateMachineArn })));
    const start = new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) });
    const { executionArn = "" } = await account.sfn.send(start);
    const history = await account.until("the execution to end", async () => {
      const { events = [] } = await account.sfn.send(
        new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }),
      );
      return /^Execution(Succeeded|Failed)/.test(events.at(-1)?.type ?? "") && events;
    });
    recorded.push({
      name,
      jsonataOnly: true,
      definition,
      input,
      history: history.map((event) => withoutChance(event, roleArn)),
    });
  }
  return recorded;
}

/** The event with times and the role's name as placeholders. */
function withoutChance(event: object, roleArn: string): RecordedEvent {
  const text = JSON.stringify({ ...event, timestamp: "timestamp" }).replaceAll(roleArn, "snf_role_arn");
  return JSON.parse(text) as RecordedEvent;
}

async function machineRole(account: Account): Promise<string> {
  const RoleName = account.name("machine").slice(0, 64);
  const trust = { Effect: "Allow", Principal: { Service: "states.amazonaws.com" }, Action: "sts:AssumeRole" };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
  const { Role } = await account.iam.send(
    new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument, Tags: account.tags }),
  );
  account.cleanUp(`role ${RoleName}`, () => account.iam.send(new DeleteRoleCommand({ RoleName })));
  return Role?.Arn ?? "";
}

function notTrustedYet(error: Error): undefined {
  if (error.name === "AccessDeniedException") return undefined;
  throw error;
}

const event = {
  id: "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
  account: "111111111111",
  source: "aws.s3",
  time: "2026-01-01T00:00:00Z",
  region: "us-east-1",
  resources: ["arn:aws:s3:::artifacts"],
  "detail-type": "Object Created",
};

/** The operators that Kiln's own rules use, with keys that must and must not start a deploy. */
const keyPattern = { detail: { object: { key: [{ "anything-but": { wildcard: ["layers/*", "*/experiments/*"] } }] } } };
const keys = ["web/1.0.0.tar.gz", "layers/node-24.tgz", "web/experiments/try.tgz"];

/** Asks EventBridge itself which events a pattern takes. Costs nothing. */
export async function recordPatterns(account: Account): Promise<RecordedPattern[]> {
  const recorded: RecordedPattern[] = [];
  for (const key of keys) {
    const given = { ...event, detail: { object: { key } } };
    const test = new TestEventPatternCommand({
      EventPattern: JSON.stringify(keyPattern),
      Event: JSON.stringify(given),
    });
    const { Result } = await account.events.send(test);
    recorded.push({
      name: `the upload rule on ${key}`,
      pattern: keyPattern,
      event: given,
      expect: Result ? "match" : "no-match",
    });
  }
  return recorded;
}
