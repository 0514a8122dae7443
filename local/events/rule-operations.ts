import type {
  DescribeRuleCommandOutput,
  ListRulesCommandInput,
  ListRulesCommandOutput,
  ListTargetsByRuleCommandInput,
  PutRuleCommandInput,
  PutRuleCommandOutput,
  PutTargetsCommandInput,
  PutTargetsCommandOutput,
  RemoveTargetsCommandInput,
  Rule,
} from "@aws-sdk/client-eventbridge";
import { AwsError } from "../core/aws-error.ts";
import type { Kernel, Operation, Requirement } from "../core/kernel.ts";
import { requestTagConditions } from "../core/tag-conditions.ts";
import { parseRuleSchedule } from "../scheduler/expressions.ts";
import { checkBus } from "./bus.ts";
import type { RuleDocument } from "./documents.ts";
import { compilePattern } from "./pattern.ts";
import type { Rules } from "./rules.ts";
import { checkTarget } from "./targets.ts";

/** Source: EventBridge quotas, "Targets per rule", not adjustable. */
const maximumTargets = 5;
/** Source: EventBridge quotas, "Rules", the default. */
const maximumRules = 300;
/** Source: EventBridge quotas, "Event pattern size", the default; that it counts was measured (badmintoncryer/cdk-preflight). */
const maximumPatternLength = 2048;

type Output<T> = Omit<T, "$metadata">;

interface RuleInput {
  Name?: string | undefined;
  Rule?: string | undefined;
  EventBusName?: string | undefined;
}

function invalid(message: string): AwsError {
  return new AwsError("ValidationException", message, 400);
}

export function ruleArn(kernel: Kernel, name: string): string {
  return kernel.arn("events", `rule/${name}`);
}

/** Requires the action of the operation's own name on the rule a request names. */
function onRule(kernel: Kernel) {
  return (input: RuleInput, call: { operation: string }): Requirement[] => [
    { action: `events:${call.operation}`, resource: ruleArn(kernel, input.Name ?? input.Rule ?? "") },
  ];
}

/** Handing a role to EventBridge needs permission to pass it. */
function passing(roleArns: readonly (string | undefined)[]): Requirement[] {
  const context = { "iam:PassedToService": "events.amazonaws.com" };
  return [...new Set(roleArns)]
    .filter((roleArn) => roleArn !== undefined)
    .map((resource) => ({ action: "iam:PassRole", resource, context }));
}

export function ruleOperations(kernel: Kernel, rules: Rules): Record<string, Operation> {
  const permissions = onRule(kernel);
  const setState = (state: "ENABLED" | "DISABLED"): Operation => ({
    permissions,
    run: (input: RuleInput) => {
      checkBus(kernel, input.EventBusName);
      rules.put({ ...rules.get(input.Name), state });
      return {};
    },
  });
  return {
    PutRule: {
      permissions: (input: PutRuleCommandInput, call) => {
        const tags = Object.fromEntries((input.Tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value]));
        const [rule] = permissions(input, call);
        return rule ? [{ ...rule, context: requestTagConditions(tags) }, ...passing([input.RoleArn])] : [];
      },
      run: (input: PutRuleCommandInput) => putRule(kernel, rules, input),
    },
    DeleteRule: {
      permissions,
      run: (input: RuleInput) => {
        checkBus(kernel, input.EventBusName);
        if ((rules.find(input.Name ?? "")?.targets.length ?? 0) > 0) {
          throw invalid("Rule can't be deleted since it has targets.");
        }
        rules.delete(input.Name ?? "");
        return {};
      },
    },
    EnableRule: setState("ENABLED"),
    DisableRule: setState("DISABLED"),
    DescribeRule: {
      permissions,
      run: (input: RuleInput): Output<DescribeRuleCommandOutput> => {
        checkBus(kernel, input.EventBusName);
        return { ...describe(rules.get(input.Name)), CreatedBy: kernel.settings.accountId };
      },
    },
    ListRules: {
      run: (input: ListRulesCommandInput) => listRules(kernel, rules, input),
    },
    ...targetOperations(kernel, rules),
  };
}

function targetOperations(kernel: Kernel, rules: Rules): Record<string, Operation> {
  const permissions = onRule(kernel);
  return {
    PutTargets: {
      permissions: (input: PutTargetsCommandInput, call) => [
        ...permissions(input, call).map((requirement) => ({
          ...requirement,
          context: { "events:TargetArn": (input.Targets ?? []).map(({ Arn = "" }) => Arn) },
        })),
        ...passing((input.Targets ?? []).map((target) => target.RoleArn)),
      ],
      run: (input: PutTargetsCommandInput) => putTargets(kernel, rules, input),
    },
    RemoveTargets: {
      permissions,
      run: (input: RemoveTargetsCommandInput) => {
        checkBus(kernel, input.EventBusName);
        const rule = rules.get(input.Rule);
        const ids = input.Ids ?? [];
        rules.put({ ...rule, targets: rule.targets.filter((target) => !ids.includes(target.Id ?? "")) });
        return { FailedEntryCount: 0, FailedEntries: [] };
      },
    },
    ListTargetsByRule: {
      permissions,
      run: (input: ListTargetsByRuleCommandInput) => {
        checkBus(kernel, input.EventBusName);
        // A rule has at most five targets, so there is never a second page.
        return { Targets: rules.get(input.Rule).targets };
      },
    },
    ListRuleNamesByTarget: {
      run: (input: { TargetArn?: string; EventBusName?: string }) => {
        checkBus(kernel, input.EventBusName);
        const using = rules.list().filter((rule) => rule.targets.some((target) => target.Arn === input.TargetArn));
        return { RuleNames: using.map((rule) => rule.name) };
      },
    },
  };
}

function putRule(kernel: Kernel, rules: Rules, input: PutRuleCommandInput): Output<PutRuleCommandOutput> {
  checkBus(kernel, input.EventBusName);
  const name = input.Name ?? "";
  if (!/^[.\-_A-Za-z0-9]{1,64}$/.test(name)) throw invalid(`Parameter Name '${name}' is not valid.`);
  if (input.EventPattern === undefined && input.ScheduleExpression === undefined) {
    throw invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.");
  }
  if (input.EventPattern !== undefined) {
    if (input.EventPattern.length > maximumPatternLength) {
      throw invalid(`Parameter EventPattern for rule ${name} exceeds limit of ${maximumPatternLength}.`);
    }
    compilePattern(input.EventPattern);
  }
  const before = rules.find(name);
  const now = kernel.clock.now();
  if (input.ScheduleExpression !== undefined) {
    if (!parseRuleSchedule(input.ScheduleExpression, now)) throw invalid("Parameter ScheduleExpression is not valid.");
  }
  if (!before && rules.list().length >= maximumRules) {
    throw new AwsError("LimitExceededException", "The requested resource exceeds the maximum number allowed.", 400);
  }
  if (input.State === "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS") {
    throw new AwsError("NotImplemented", "the embedded cloud does not have CloudTrail management events", 501);
  }
  const rule: RuleDocument = {
    name,
    arn: ruleArn(kernel, name),
    ...(input.Description !== undefined && { description: input.Description }),
    ...(input.EventPattern !== undefined && { eventPattern: input.EventPattern }),
    ...(input.ScheduleExpression !== undefined && { scheduleExpression: input.ScheduleExpression }),
    state: input.State ?? "ENABLED",
    ...(input.RoleArn !== undefined && { roleArn: input.RoleArn }),
    createdAtMs: before && before.scheduleExpression === input.ScheduleExpression ? before.createdAtMs : now,
    // Tags of an existing rule are changed by TagResource only. Source: PutRule's API reference.
    tags: before?.tags ?? Object.fromEntries((input.Tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value])),
    targets: before?.targets ?? [],
  };
  rules.put(rule);
  return { RuleArn: rule.arn };
}

function putTargets(kernel: Kernel, rules: Rules, input: PutTargetsCommandInput): Output<PutTargetsCommandOutput> {
  checkBus(kernel, input.EventBusName);
  const rule = rules.get(input.Rule);
  const added = input.Targets ?? [];
  for (const target of added) checkTarget(target);
  const ids = added.map((target) => target.Id);
  const repeated = ids.find((id, index) => ids.indexOf(id) < index);
  if (repeated !== undefined) {
    throw invalid(`Parameter targets is not valid. Reason: More than one target with Id '${repeated}' is provided.`);
  }
  const targets = [...rule.targets.filter((target) => !ids.includes(target.Id)), ...added];
  if (targets.length > maximumTargets) {
    throw new AwsError("LimitExceededException", "The requested resource exceeds the maximum number allowed.", 400);
  }
  rules.put({ ...rule, targets });
  return { FailedEntryCount: 0, FailedEntries: [] };
}

function describe(rule: Readonly<RuleDocument>): Rule {
  return {
    Name: rule.name,
    Arn: rule.arn,
    EventBusName: "default",
    State: rule.state,
    ...(rule.description !== undefined && { Description: rule.description }),
    ...(rule.eventPattern !== undefined && { EventPattern: rule.eventPattern }),
    ...(rule.scheduleExpression !== undefined && { ScheduleExpression: rule.scheduleExpression }),
    ...(rule.roleArn !== undefined && { RoleArn: rule.roleArn }),
  };
}

function listRules(kernel: Kernel, rules: Rules, input: ListRulesCommandInput): Output<ListRulesCommandOutput> {
  checkBus(kernel, input.EventBusName);
  const limit = input.Limit ?? 100;
  const following = rules.list(input.NamePrefix ?? "").filter((rule) => rule.name > (input.NextToken ?? ""));
  const page = following.slice(0, limit);
  return {
    Rules: page.map(describe),
    ...(following.length > page.length && { NextToken: page.at(-1)?.name }),
  };
}
