import {
  type Action,
  DescribeRulesCommand,
  DescribeTagsCommand,
  type ElasticLoadBalancingV2Client,
  type Rule,
  type RuleCondition,
  type TagDescription,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import type { Weight } from "../domain/cutover.ts";
import { defaultPriority, type ListenerRule } from "../domain/listener-rules.ts";
import { tagKeys } from "../domain/names.ts";
import { experimentHeader } from "../domain/rules.ts";
import { isNamed } from "../errors.ts";

/** A rule as the load balancer describes it, with what it takes to change it. */
export interface SeenRule extends ListenerRule {
  /** By its tags; empty for what belongs to no single release. */
  generation: string;
  actions: Action[];
}

/** Unit: rules. DescribeTags takes at most 20 resources a call. */
const tagBatch = 20;

/** Every rule of a listener, the default one included, with its tags. */
export async function readListener(elb: ElasticLoadBalancingV2Client, listenerArn: string): Promise<SeenRule[]> {
  const rules = await describeRules(elb, listenerArn);
  // The default rule is never Kiln's.
  const tags = await readTags(
    elb,
    rules.filter(({ IsDefault }) => !IsDefault).map(({ RuleArn = "" }) => RuleArn),
  );
  return rules.flatMap((rule) => {
    const own = rule.IsDefault ? {} : tags.get(rule.RuleArn ?? "");
    // Without tags, not even none, the rule has gone in the meantime.
    return own ? [seen(rule, own)] : [];
  });
}

function seen(rule: Rule, tags: Record<string, string>): SeenRule {
  const { RuleArn: arn = "", Actions: actions = [], Conditions: conditions = [] } = rule;
  const stage = tags[tagKeys.stage];
  const forward = actions.find(({ Type }) => Type === "forward");
  return {
    arn,
    priority: rule.IsDefault ? defaultPriority : Number(rule.Priority),
    conditions: conditions.map((condition) => ({ field: condition.Field ?? "", values: valuesOf(condition) })),
    weights: weightsOf(actions),
    otherActions: actions.flatMap(({ Type }) => (Type === undefined || Type === "forward" ? [] : [Type])),
    sticky: forward?.ForwardConfig?.TargetGroupStickinessConfig?.Enabled === true,
    owner:
      stage === undefined ? undefined : { stage, service: tags[tagKeys.service] ?? "", role: tags[tagKeys.role] ?? "" },
    generation: tags[tagKeys.generation] ?? "",
    actions,
  };
}

/**
 * Conditions with regular expressions have no values; then nothing is known to fit them. Of headers only the one of
 * experiments is read: that of a trial rule is a secret.
 */
function valuesOf({ HostHeaderConfig, PathPatternConfig, HttpHeaderConfig, Values = [] }: RuleCondition): string[] {
  if (HttpHeaderConfig?.HttpHeaderName?.toLowerCase() === experimentHeader) return HttpHeaderConfig.Values ?? [];
  return HostHeaderConfig?.Values ?? PathPatternConfig?.Values ?? Values;
}

/** Where actions forward to, and with what weight. */
export function weightsOf(actions: Action[] | undefined): Weight[] {
  const forward = actions?.find(({ Type }) => Type === "forward");
  const groups = forward?.ForwardConfig?.TargetGroups;
  if (!groups?.length) return forward?.TargetGroupArn ? [{ targetGroupArn: forward.TargetGroupArn, weight: 1 }] : [];
  return groups.map(({ TargetGroupArn = "", Weight }) => ({ targetGroupArn: TargetGroupArn, weight: Weight ?? 1 }));
}

/** Every rule of a listener as it is described, without tags. */
export async function describeRules(elb: ElasticLoadBalancingV2Client, listenerArn: string): Promise<Rule[]> {
  const rules: Rule[] = [];
  let marker: string | undefined;
  do {
    const page = await elb.send(
      new DescribeRulesCommand({ ListenerArn: listenerArn, ...(marker && { Marker: marker }) }),
    );
    rules.push(...(page.Rules ?? []));
    marker = page.NextMarker;
  } while (marker);
  return rules;
}

async function readTags(
  elb: ElasticLoadBalancingV2Client,
  arns: string[],
): Promise<Map<string, Record<string, string>>> {
  const found = new Map<string, Record<string, string>>();
  for (let start = 0; start < arns.length; start += tagBatch) {
    for (const { ResourceArn = "", Tags = [] } of await tagsOf(elb, arns.slice(start, start + tagBatch))) {
      found.set(ResourceArn, Object.fromEntries(Tags.map(({ Key = "", Value = "" }) => [Key, Value])));
    }
  }
  return found;
}

/**
 * A listener is shared: any rule on it may be deleted, by another service's reap for one, between the list of rules and
 * this. AWS then refuses the whole call, so it is asked again in halves until only what is gone is left out.
 */
async function tagsOf(elb: ElasticLoadBalancingV2Client, arns: string[]): Promise<TagDescription[]> {
  try {
    return (await elb.send(new DescribeTagsCommand({ ResourceArns: arns }))).TagDescriptions ?? [];
  } catch (error) {
    if (!isNamed(error, "RuleNotFoundException", "RuleNotFound")) throw error;
    if (arns.length <= 1) return [];
    const half = Math.ceil(arns.length / 2);
    return [...(await tagsOf(elb, arns.slice(0, half))), ...(await tagsOf(elb, arns.slice(half)))];
  }
}
