import type { GroupDocument as FleetDocument } from "../../../local/auto-scaling/documents.ts";
import type { GroupDocument, RuleDocument, TargetDocument } from "../../../local/load-balancing/documents.ts";
import { tagKeys } from "../../../shared/domain/names.ts";
import { answerOf } from "../programs.ts";
import type { Service, SimulatedStage } from "../simulated-stage.ts";
import { chosen, type Edit, rows } from "./edit.ts";

const elb = "elasticloadbalancing";

/** Unit: priorities. Nobody else's rules stand there: Kiln's are below (docs/service-spec.md, "route"). */
const freePriority = 40_000;

/** Source: Elastic Load Balancing API reference, CreateRule, "Priority". */
const lastPriority = 50_000;

interface Share {
  TargetGroupArn: string;
  Weight: number;
}

/** Somebody's Terraform, or a person in the console, at the production rule of a service. */
export const ruleEdits = {
  /** Everything to another fleet of the service that answers: what a reverted plan says, or somebody who keeps the others in the rule. */
  "rule-weights": async ({ stage, service, which, how }) => {
    const rule = productionRule(stage, service);
    const other = chosen(answeringGroups(stage, service, rule), which);
    if (!rule || !other) return undefined;
    const rest = how < 0.5 ? groupsOf(rule).filter((arn) => arn !== other.arn) : [];
    const shares = [
      { TargetGroupArn: other.arn, Weight: 1 },
      ...rest.map((arn) => ({ TargetGroupArn: arn, Weight: 0 })),
    ];
    const Actions = [{ Type: "forward", ForwardConfig: { TargetGroups: shares } }];
    if (rest.length === 0) stage.cloud.byHand.cut(service);
    await stage.cloud.call(elb, "ModifyRule", { RuleArn: rule.arn, Actions });
    return () => putBack(stage, service, rule);
  },
  "rule-gone": async ({ stage, service }) => {
    const rule = productionRule(stage, service);
    if (!rule) return undefined;
    stage.cloud.byHand.darken(service);
    await stage.cloud.call(elb, "DeleteRule", { RuleArn: rule.arn });
    return async () => {
      await putBack(stage, service, rule);
      stage.cloud.byHand.mended(service);
    };
  },
  /** Where it stands matters only to others; Kiln goes on. */
  "rule-priority": async ({ stage, service, which }) => {
    const rule = productionRule(stage, service);
    if (!rule) return undefined;
    const Priority = freeFrom(stage, freePriority + Math.floor(which * 1000), 1);
    if (Priority === undefined) return undefined;
    await stage.cloud.call(elb, "SetRulePriorities", { RulePriorities: [{ RuleArn: rule.arn, Priority }] });
    return async () => {};
  },
  "rule-untagged": async ({ stage, service, how }) => {
    const rule = productionRule(stage, service);
    if (!rule) return undefined;
    const key = how < 0.5 ? tagKeys.service : tagKeys.role;
    await stage.cloud.call(elb, "RemoveTags", { ResourceArns: [rule.arn], TagKeys: [key] });
    return async () => {
      const Tags = [{ Key: key, Value: rule.tags[key] }];
      if (ruleOf(stage, rule.arn)) await stage.cloud.call(elb, "AddTags", { ResourceArns: [rule.arn], Tags });
    };
  },
  /** Somebody else's rule takes the requests first, and gives them to what serves at that moment. */
  "rule-overtaken": async ({ stage, service }) => {
    const rule = productionRule(stage, service);
    const shares = sharesOf(rule);
    if (!rule || rule.priority === undefined || shares.length === 0) return undefined;
    const priority = freeFrom(stage, rule.priority - 1, -1);
    if (priority === undefined) return undefined;
    const made = await stage.cloud.call<{ Rules: { RuleArn: string }[] }>(elb, "CreateRule", {
      ListenerArn: rule.listenerArn,
      Priority: priority,
      Conditions: rule.conditions.map(({ Values, ...condition }) => condition),
      Actions: [{ Type: "forward", ForwardConfig: { TargetGroups: shares } }],
    });
    const RuleArn = made.Rules[0]?.RuleArn ?? "";
    return async () => {
      if (!ruleOf(stage, RuleArn)) return;
      const present = productionRule(stage, service);
      const led = present ? groupsOf(present) : [];
      // What no rule leads to any more loses its targets before each node has heard of it.
      if (shares.some(({ TargetGroupArn }) => !led.includes(TargetGroupArn))) stage.cloud.byHand.cut(service);
      await stage.cloud.call(elb, "DeleteRule", { RuleArn });
    };
  },
} as const satisfies Record<string, Edit>;

/** What status and why tell a person to do: the rule says again what Kiln expects. */
async function putBack(stage: SimulatedStage, service: Service, before: Readonly<RuleDocument>): Promise<void> {
  const { rule } = await stage.ledger.head(service);
  const groups = new Set(rows<GroupDocument>(stage, "elasticloadbalancing.groups").map(({ arn }) => arn));
  const wanted = (rule?.to?.weights ?? []).filter(({ targetGroupArn }) => groups.has(targetGroupArn));
  const shares = wanted.map(({ targetGroupArn, weight }) => ({ TargetGroupArn: targetGroupArn, Weight: weight }));
  const Actions = [{ Type: "forward", ForwardConfig: { TargetGroups: shares } }];
  // It may have lost its tags to another edit, and is the same rule still.
  const present = productionRule(stage, service) ?? ruleOf(stage, before.arn);
  if (!shares.some(({ Weight }) => Weight > 0)) return;
  if (present) return void (await stage.cloud.call(elb, "ModifyRule", { RuleArn: present.arn, Actions }));
  await stage.cloud.call(elb, "CreateRule", {
    ListenerArn: before.listenerArn,
    // Another rule may have been made there meanwhile: then the next one that is free.
    Priority: freeFrom(stage, before.priority ?? freePriority, 1),
    Conditions: before.conditions.map(({ Values, ...condition }) => condition),
    Actions,
    Tags: Object.entries(before.tags).map(([Key, Value]) => ({ Key, Value })),
  });
}

/** The first priority from there on, upwards or downwards, at which no rule stands; undefined when there is none. */
function freeFrom(stage: SimulatedStage, first: number, step: 1 | -1): number | undefined {
  const taken = new Set(rows<RuleDocument>(stage, "elasticloadbalancing.rules").map(({ priority }) => priority));
  let priority = first;
  while (taken.has(priority)) priority += step;
  return priority >= 1 && priority <= lastPriority ? priority : undefined;
}

function productionRule(stage: SimulatedStage, service: Service): Readonly<RuleDocument> | undefined {
  return rows<RuleDocument>(stage, "elasticloadbalancing.rules").find(
    ({ tags }) => tags[tagKeys.service] === service && tags[tagKeys.role] === "production",
  );
}

function ruleOf(stage: SimulatedStage, arn: string): Readonly<RuleDocument> | undefined {
  return rows<RuleDocument>(stage, "elasticloadbalancing.rules").find((rule) => rule.arn === arn);
}

function sharesOf(rule: Readonly<RuleDocument> | undefined): Share[] {
  return (rule?.actions.at(-1)?.ForwardConfig?.TargetGroups ?? []).flatMap(({ TargetGroupArn, Weight = 1 }) =>
    TargetGroupArn !== undefined && Weight > 0 ? [{ TargetGroupArn, Weight }] : [],
  );
}

/** All groups of a rule, those at weight 0 as well. */
function groupsOf(rule: Readonly<RuleDocument>): string[] {
  return (rule.actions.at(-1)?.ForwardConfig?.TargetGroups ?? []).flatMap(({ TargetGroupArn }) => TargetGroupArn ?? []);
}

/** Groups of the service that get nothing, in which some program answers, and whose fleet is not about to end. */
function answeringGroups(stage: SimulatedStage, service: Service, rule: Readonly<RuleDocument> | undefined) {
  const serving = new Set(sharesOf(rule).map(({ TargetGroupArn }) => TargetGroupArn));
  const targets = rows<TargetDocument>(stage, "elasticloadbalancing.targets");
  const fleets = rows<FleetDocument>(stage, "autoscaling.groups");
  const stays = (arn: string) =>
    fleets.some(({ maxSize, trafficSources }) => maxSize > 0 && trafficSources.some((source) => source.arn === arn));
  const answers = (arn: string) =>
    targets.some(({ groupArn, instanceId, state }) => {
      const answer = answerOf(stage.cloud.programOn(instanceId), stage.cloud.clock.now());
      return groupArn === arn && state === "healthy" && answer.kind === "answered" && answer.status === 200;
    });
  return rows<GroupDocument>(stage, "elasticloadbalancing.groups").filter(
    ({ arn, tags }) => tags[tagKeys.service] === service && !serving.has(arn) && stays(arn) && answers(arn),
  );
}
