import {
  type Action,
  CreateRuleCommand,
  DeleteRuleCommand,
  DescribeRulesCommand,
  type ElasticLoadBalancingV2Client,
  ModifyRuleCommand,
  type RuleCondition,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { sameWeights, type Weight } from "../domain/cutover.ts";
import { experimentPlaces } from "../domain/experiment-places.ts";
import { experimentOf } from "../domain/names.ts";
import type { Release } from "../domain/release.ts";
import { productionPlaces, trialPlaces } from "../domain/rule-places.ts";
import { type Route, ruleConditions, trialHeader } from "../domain/rules.ts";
import { isNamed, RouteRefusedError, RuleConflictError } from "../errors.ts";
import { deleteUnlessGone } from "./deleting.ts";
import { releaseTags, tagList } from "./images.ts";
import { readListener, type SeenRule, weightsOf } from "./listener-reading.ts";

/** One of Kiln's own listener rules. */
export interface KilnRule extends SeenRule {
  role: "production" | "experiment" | "trial";
  service: string;
}

/** A listener as one service sees it. */
export interface Standing {
  /** The rules by which the service, or the experiment, is reached: one, or none; more only when somebody copied one. */
  own: SeenRule[];
  /** The trial rules of its candidates. */
  trials: SeenRule[];
  /** Every other rule but the trial rules of other services. */
  others: SeenRule[];
}

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
    return (await readListener(this.#elb, listenerArn)).flatMap((rule) => {
      const { stage, service = "", role } = rule.owner ?? {};
      return stage === this.#stage && isRole(role) ? [{ ...rule, role, service }] : [];
    });
  }

  /** All rules of a listener, from the point of view of one service. */
  async standing(listenerArn: string, service: string): Promise<Standing> {
    const rules = await readListener(this.#elb, listenerArn);
    const isTrial = ({ owner }: SeenRule) => owner?.role === "trial";
    const isOwn = ({ owner }: SeenRule) => owner?.stage === this.#stage && owner.service === service;
    return {
      own: rules.filter((rule) => isOwn(rule) && !isTrial(rule)),
      trials: rules.filter((rule) => isOwn(rule) && isTrial(rule)),
      others: rules.filter((rule) => !isOwn(rule) && !isTrial(rule)),
    };
  }

  /** The rule by which a service, or an experiment, is reached. */
  async production(listenerArn: string, service: string): Promise<KilnRule | undefined> {
    const role = servingRole(service);
    return (await this.rules(listenerArn)).find((rule) => rule.role === role && rule.service === service);
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

  /** Creates the service's production rule, or the experiment's own, for its first deployment. */
  async createProduction(release: Release, weights: Weight[]): Promise<void> {
    const role = servingRole(release.service);
    await this.#create(release, role, "", ruleConditions(release.spec.route), weights);
  }

  /**
   * The one call that moves traffic. Other actions of the rule, such as authentication, stay; then it is read back.
   * @param route Which requests the rule takes from then on; left out, those it takes now.
   * @throws {RuleConflictError} when the rule does not say afterwards what it was told.
   */
  async change(rule: SeenRule, weights: Weight[], route?: Route): Promise<void> {
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
    for (const priority of await this.#places(release, role)) {
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
        if (isNamed(error, ...fullNames)) throw isFull(release, error);
        if (!isNamed(error, "PriorityInUseException", "PriorityInUse")) throw error;
        // Another service of this listener took the place between our look and our call, or we ourselves did: the SDK
        // sends a request whose answer was lost a second time.
        if (await this.#isMade(release, role, generation)) return;
      }
    }
    throw new RouteRefusedError(
      `Listener ${listenerArn} has no free priority for the ${role} rule of ${release.service}.`,
      "Remove rules that nobody needs.",
    );
  }

  async #places({ service, spec, network }: Release, role: KilnRule["role"]): Promise<number[]> {
    const rules = await readListener(this.#elb, network.listenerArn);
    const applicant = { stage: this.#stage, service, route: spec.route, adopt: spec.adopt };
    if (role === "trial") return trialPlaces(applicant, rules);
    const places = role === "experiment" ? experimentPlaces(applicant, rules) : productionPlaces(applicant, rules);
    if ("refusal" in places) throw new RouteRefusedError(places.refusal.problem, places.refusal.fix);
    return places.production;
  }

  async #isMade(release: Release, role: KilnRule["role"], generation: string): Promise<boolean> {
    return (await this.rules(release.network.listenerArn)).some(
      (rule) => rule.role === role && rule.service === release.service && rule.generation === generation,
    );
  }
}

/** How ELBv2 says that a load balancer has no room for one more rule, or for one more target group in its rules. */
const fullNames = [
  "TooManyRulesException",
  "TooManyRules",
  "TooManyUniqueTargetGroupsPerLoadBalancerException",
  "TooManyUniqueTargetGroupsPerLoadBalancer",
];

function isFull({ service, network }: Release, error: unknown): RouteRefusedError {
  const limit = error instanceof Error ? error.message : String(error);
  return new RouteRefusedError(
    `The load balancer of ${network.listenerArn} has no room for a rule of ${service}: ${limit}.`,
    "Stop experiments (kiln experiment list), remove rules that nobody needs, or have AWS raise the quota.",
    { cause: error },
  );
}

function servingRole(service: string): KilnRule["role"] {
  return experimentOf(service) ? "experiment" : "production";
}

function isRole(role: string | undefined): role is KilnRule["role"] {
  return role === "production" || role === "experiment" || role === "trial";
}

function forwardAction(weights: Weight[]): Action {
  return {
    Type: "forward",
    ForwardConfig: {
      TargetGroups: weights.map(({ targetGroupArn, weight }) => ({ TargetGroupArn: targetGroupArn, Weight: weight })),
    },
  };
}
