import {
  type Action,
  CreateRuleCommand,
  DeleteRuleCommand,
  DescribeRulesCommand,
  DescribeTagsCommand,
  type ElasticLoadBalancingV2Client,
  ModifyRuleCommand,
  type Rule,
  type RuleCondition,
  type TagDescription,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { sameWeights, type Weight } from "../domain/cutover.ts";
import { tagKeys } from "../domain/names.ts";
import type { Release } from "../domain/release.ts";
import { productionPriorities, type Route, ruleConditions, trialHeader, trialPriorities } from "../domain/rules.ts";
import { isNamed, RuleConflictError } from "../errors.ts";
import { deleteUnlessGone } from "./deleting.ts";
import { releaseTags, tagList } from "./images.ts";

/** One of Kiln's own listener rules. */
export interface KilnRule {
  arn: string;
  role: "production" | "trial";
  service: string;
  generation: string;
  weights: Weight[];
  actions: Action[];
}

/** Unit: rules. DescribeTags takes at most 20 resources a call. */
const tagBatch = 20;

/** Listener rules: where production goes, and how a candidate is reached before it. Kiln touches none but its own. */
export class Traffic {
  readonly #elb: ElasticLoadBalancingV2Client;
  readonly #stage: string;

  constructor(elb: ElasticLoadBalancingV2Client, stage: string) {
    this.#elb = elb;
    this.#stage = stage;
  }

  /** All rules of this stage on a listener. */
  async rules(listenerArn: string): Promise<KilnRule[]> {
    const rules = (await this.#allRules(listenerArn)).filter(({ IsDefault }) => !IsDefault);
    const tags = await this.#tags(rules.map(({ RuleArn = "" }) => RuleArn));
    return rules.flatMap((rule) => {
      const own = tags.get(rule.RuleArn ?? "") ?? {};
      const role = own[tagKeys.role];
      if (own[tagKeys.stage] !== this.#stage || (role !== "production" && role !== "trial")) return [];
      const service = own[tagKeys.service] ?? "";
      const generation = own[tagKeys.generation] ?? "";
      return [
        {
          arn: rule.RuleArn ?? "",
          role,
          service,
          generation,
          weights: weightsOf(rule.Actions),
          actions: rule.Actions ?? [],
        },
      ];
    });
  }

  async production(listenerArn: string, service: string): Promise<KilnRule | undefined> {
    return (await this.rules(listenerArn)).find((rule) => rule.role === "production" && rule.service === service);
  }

  /** The candidate's own rule above production, reached only with the release's secret. Created when it is missing. */
  async ensureTrial(release: Release, targetGroupArn: string): Promise<void> {
    const { generation, network } = release;
    const existing = (await this.rules(network.listenerArn)).find(
      (rule) => rule.role === "trial" && rule.generation === generation,
    );
    if (existing) return;
    const secret = { HttpHeaderName: trialHeader, Values: [release.trialSecret] };
    const conditions = [{ Field: "http-header", HttpHeaderConfig: secret }];
    await this.#create(release, "trial", generation, conditions, [{ targetGroupArn, weight: 1 }]);
  }

  /** Creates the service's production rule, for its first deployment. */
  async createProduction(release: Release, weights: Weight[]): Promise<void> {
    await this.#create(release, "production", "", ruleConditions(release.spec.route), weights);
  }

  /**
   * The one call that moves traffic. Other actions of the rule, such as authentication, stay; then it is read back.
   * @param route Which requests the rule takes from then on; left out, those it takes now.
   * @throws {RuleConflictError} when the rule does not say afterwards what it was told.
   */
  async change(rule: KilnRule, weights: Weight[], route?: Route): Promise<void> {
    const others = rule.actions.filter(({ Type }) => Type !== "forward");
    const order = rule.actions.find(({ Type }) => Type === "forward")?.Order;
    const forward = { ...forwardAction(weights), ...(order !== undefined && { Order: order }) };
    const modified = await this.#elb.send(
      new ModifyRuleCommand({
        RuleArn: rule.arn,
        Actions: [...others, forward],
        ...(route && { Conditions: ruleConditions(route) }),
      }),
    );
    const after = weightsOf(modified.Rules?.[0]?.Actions);
    if (sameWeights(after, weights)) return;
    throw new RuleConflictError(
      `Rule ${rule.arn} says ${JSON.stringify(after)} after being told ${JSON.stringify(weights)}.`,
      "Find out what else changes this rule, then deploy again.",
    );
  }

  /** Deletes one of Kiln's rules; gone is done. */
  async delete(ruleArn: string): Promise<void> {
    try {
      await deleteUnlessGone(
        () => this.#elb.send(new DeleteRuleCommand({ RuleArn: ruleArn })),
        async () => (await this.#elb.send(new DescribeRulesCommand({ RuleArns: [ruleArn] }))).Rules?.length !== 0,
      );
    } catch (error) {
      if (!isNamed(error, "RuleNotFoundException", "RuleNotFound")) throw error;
    }
  }

  async #create(
    release: Release,
    role: KilnRule["role"],
    generation: string,
    conditions: RuleCondition[],
    weights: Weight[],
  ): Promise<void> {
    const { listenerArn } = release.network;
    const tags = tagList(releaseTags(this.#stage, release.service, generation, role));
    const taken = new Set((await this.#allRules(listenerArn)).map(({ Priority }) => Number(Priority)));
    const priorities = role === "trial" ? trialPriorities() : productionPriorities(release.spec.route);
    for (const priority of priorities.filter((one) => !taken.has(one))) {
      try {
        await this.#elb.send(
          new CreateRuleCommand({
            ListenerArn: listenerArn,
            Priority: priority,
            Conditions: conditions,
            Actions: [forwardAction(weights)],
            Tags: tags.filter(({ Value }) => Value !== ""),
          }),
        );
        return;
      } catch (error) {
        if (!isNamed(error, "PriorityInUseException", "PriorityInUse")) throw error;
        // Another service of this listener took the place between our look and our call, or we ourselves did: the SDK
        // sends a request whose answer was lost a second time.
        if (await this.#isMade(release, role, generation)) return;
      }
    }
    throw new RuleConflictError(
      `Listener ${listenerArn} has no free priority from ${Math.min(...priorities)} to ${Math.max(...priorities)}.`,
      "Remove rules that nobody needs.",
    );
  }

  async #isMade(release: Release, role: KilnRule["role"], generation: string): Promise<boolean> {
    return (await this.rules(release.network.listenerArn)).some(
      (rule) => rule.role === role && rule.service === release.service && rule.generation === generation,
    );
  }

  async #allRules(listenerArn: string): Promise<Rule[]> {
    const rules: Rule[] = [];
    let marker: string | undefined;
    do {
      const page = await this.#elb.send(
        new DescribeRulesCommand({ ListenerArn: listenerArn, ...(marker && { Marker: marker }) }),
      );
      rules.push(...(page.Rules ?? []));
      marker = page.NextMarker;
    } while (marker);
    return rules;
  }

  async #tags(arns: string[]): Promise<Map<string, Record<string, string>>> {
    const found = new Map<string, Record<string, string>>();
    for (let start = 0; start < arns.length; start += tagBatch) {
      for (const { ResourceArn = "", Tags = [] } of await this.#tagsOf(arns.slice(start, start + tagBatch))) {
        found.set(ResourceArn, Object.fromEntries(Tags.map(({ Key = "", Value = "" }) => [Key, Value])));
      }
    }
    return found;
  }

  /**
   * A listener is shared: any rule on it may be deleted, by another service's reap for one, between the list of rules and
   * this. AWS then refuses the whole call, so it is asked again in halves until only what is gone is left out.
   */
  async #tagsOf(arns: string[]): Promise<TagDescription[]> {
    try {
      const page = await this.#elb.send(new DescribeTagsCommand({ ResourceArns: arns }));
      return page.TagDescriptions ?? [];
    } catch (error) {
      if (!isNamed(error, "RuleNotFoundException", "RuleNotFound")) throw error;
      if (arns.length <= 1) return [];
      const half = Math.ceil(arns.length / 2);
      return [...(await this.#tagsOf(arns.slice(0, half))), ...(await this.#tagsOf(arns.slice(half)))];
    }
  }
}

function forwardAction(weights: Weight[]): Action {
  return {
    Type: "forward",
    ForwardConfig: {
      TargetGroups: weights.map(({ targetGroupArn, weight }) => ({ TargetGroupArn: targetGroupArn, Weight: weight })),
    },
  };
}

function weightsOf(actions: Action[] | undefined): Weight[] {
  const forward = actions?.find(({ Type }) => Type === "forward");
  const groups = forward?.ForwardConfig?.TargetGroups;
  if (!groups?.length) return forward?.TargetGroupArn ? [{ targetGroupArn: forward.TargetGroupArn, weight: 1 }] : [];
  return groups.map(({ TargetGroupArn = "", Weight }) => ({ targetGroupArn: TargetGroupArn, weight: Weight ?? 1 }));
}
