import type {
  CreateRuleCommandInput,
  CreateRuleCommandOutput,
  DescribeRulesCommandInput,
  DescribeRulesCommandOutput,
  ModifyRuleCommandInput,
  ModifyRuleCommandOutput,
  Rule,
  SetRulePrioritiesCommandInput,
  SetRulePrioritiesCommandOutput,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { AwsError } from "../core/aws-error.ts";
import type { Kernel, Operation } from "../core/kernel.ts";
import { acceptedActions } from "./actions.ts";
import { acceptedConditions } from "./conditions.ts";
import type { RuleDocument } from "./documents.ts";
import { invalid, unsupported } from "./errors.ts";
import { page } from "./paging.ts";
import type { BalancingPermissions } from "./permissions.ts";
import type { BalancingState } from "./state.ts";
import { tagRecord } from "./tags.ts";

/** Rules of a load balancer without the default ones. Source: quotas for Application Load Balancers. */
const ruleLimit = 100;

type Output<T> = Omit<T, "$metadata">;

/** Listener rules: conditions, actions, priorities. */
export class Rules {
  readonly #kernel: Kernel;
  readonly #state: BalancingState;
  readonly #permissions: BalancingPermissions;
  readonly #changed: (balancerArn: string, groupsBefore: string[]) => void;

  /** @param changed Called after a change with the groups that the load balancer's rules named before it. */
  constructor(
    kernel: Kernel,
    state: BalancingState,
    permissions: BalancingPermissions,
    changed: (balancerArn: string, groupsBefore: string[]) => void,
  ) {
    this.#kernel = kernel;
    this.#state = state;
    this.#permissions = permissions;
    this.#changed = changed;
  }

  operations(): Record<string, Operation> {
    const onRule = (action: string) => (input: { RuleArn?: string | undefined }) => [
      this.#permissions.on(action, input.RuleArn),
    ];
    return {
      CreateRule: {
        permissions: (input: CreateRuleCommandInput) => {
          const arn = input.ListenerArn ?? "";
          const created = `${arn.replace(":listener/", ":listener-rule/")}/*`;
          return this.#permissions.creating("CreateRule", arn, created, input.Tags);
        },
        run: (input: CreateRuleCommandInput) => this.#create(input),
      },
      ModifyRule: { permissions: onRule("ModifyRule"), run: (input: ModifyRuleCommandInput) => this.#modify(input) },
      DescribeRules: { run: (input: DescribeRulesCommandInput) => this.#describe(input) },
      DeleteRule: {
        permissions: onRule("DeleteRule"),
        run: (input: { RuleArn?: string }) => this.#delete(input.RuleArn ?? ""),
      },
      SetRulePriorities: {
        permissions: (input: SetRulePrioritiesCommandInput) =>
          (input.RulePriorities ?? []).map(({ RuleArn }) => this.#permissions.on("SetRulePriorities", RuleArn)),
        run: (input: SetRulePrioritiesCommandInput) => this.#setPriorities(input),
      },
    };
  }

  #create(input: CreateRuleCommandInput): Output<CreateRuleCommandOutput> {
    if (input.Transforms?.length) throw unsupported("rule transforms");
    const { arn: listenerArn, balancerArn } = this.#state.listener(input.ListenerArn ?? "");
    const priority = acceptedPriority(input.Priority);
    this.#refuseTaken(listenerArn, priority, []);
    if (this.#rulesOfBalancer(balancerArn).filter((rule) => rule.priority !== undefined).length >= ruleLimit) {
      throw new AwsError("TooManyRules", `A load balancer has at most ${ruleLimit} rules`);
    }
    const before = this.#state.groupsOf(balancerArn);
    const conditions = acceptedConditions(input.Conditions);
    const actions = acceptedActions(this.#state, balancerArn, input.Actions, this.#actionsOf(balancerArn));
    const arn = `${listenerArn.replace(":listener/", ":listener-rule/")}/${this.#kernel.random.hex(16)}`;
    const rule: RuleDocument = { arn, listenerArn, priority, conditions, actions, tags: tagRecord(input.Tags) };
    this.#state.rules.put(arn, rule);
    this.#changed(balancerArn, before);
    return { Rules: [asApi(rule)] };
  }

  #modify(input: ModifyRuleCommandInput): Output<ModifyRuleCommandOutput> {
    if (input.Transforms?.length) throw unsupported("rule transforms");
    const rule = this.#changeable(input.RuleArn ?? "", "modified");
    const { balancerArn } = this.#state.listener(rule.listenerArn);
    const before = this.#state.groupsOf(balancerArn);
    const conditions = input.Conditions ? acceptedConditions(input.Conditions) : rule.conditions;
    const others = this.#actionsOf(balancerArn, rule.arn);
    const actions = input.Actions ? acceptedActions(this.#state, balancerArn, input.Actions, others) : rule.actions;
    const changed = { ...rule, conditions, actions };
    this.#state.rules.put(rule.arn, changed);
    this.#changed(balancerArn, before);
    return { Rules: [asApi(changed)] };
  }

  #delete(arn: string): Record<string, never> {
    const rule = this.#changeable(arn, "deleted");
    const { balancerArn } = this.#state.listener(rule.listenerArn);
    const before = this.#state.groupsOf(balancerArn);
    this.#state.rules.delete(arn);
    this.#changed(balancerArn, before);
    return {};
  }

  #setPriorities(input: SetRulePrioritiesCommandInput): Output<SetRulePrioritiesCommandOutput> {
    const wanted = (input.RulePriorities ?? []).map(({ RuleArn, Priority }) => ({
      rule: this.#changeable(RuleArn ?? "", "given a priority"),
      priority: acceptedPriority(Priority),
    }));
    const listenerArn = wanted[0]?.rule.listenerArn;
    if (listenerArn === undefined) throw invalid("At least one rule priority must be specified");
    if (wanted.some(({ rule }) => rule.listenerArn !== listenerArn))
      throw invalid("Rules must belong to the same listener");
    const moved = wanted.map(({ rule }) => rule.arn);
    if (new Set(moved).size < wanted.length || new Set(wanted.map(({ priority }) => priority)).size < wanted.length) {
      throw new AwsError("PriorityInUse", "Two rules cannot have the same priority");
    }
    for (const { priority } of wanted) this.#refuseTaken(listenerArn, priority, moved);
    const { balancerArn } = this.#state.listener(listenerArn);
    const rules = wanted.map(({ rule, priority }) => ({ ...rule, priority }));
    for (const rule of rules) this.#state.rules.put(rule.arn, rule);
    this.#changed(balancerArn, this.#state.groupsOf(balancerArn));
    return { Rules: rules.map(asApi) };
  }

  #describe(input: DescribeRulesCommandInput): Output<DescribeRulesCommandOutput> {
    const { ListenerArn, RuleArns } = input;
    if ((ListenerArn === undefined) === !RuleArns?.length) {
      throw invalid("You must specify either a listener ARN or rule ARNs");
    }
    const found = RuleArns?.length
      ? RuleArns.map((arn) => this.#state.rule(arn))
      : this.#state.rulesOf(this.#state.listener(ListenerArn ?? "").arn);
    const { items, NextMarker } = page(found, input);
    return { Rules: items.map(asApi), NextMarker };
  }

  #changeable(arn: string, verb: string): Readonly<RuleDocument> {
    const rule = this.#state.rule(arn);
    if (rule.priority === undefined)
      throw new AwsError("OperationNotPermitted", `Default rule '${arn}' cannot be ${verb}`);
    return rule;
  }

  #refuseTaken(listenerArn: string, priority: number, moved: readonly string[]): void {
    const taken = this.#state
      .rulesOf(listenerArn)
      .some((rule) => rule.priority === priority && !moved.includes(rule.arn));
    if (taken) throw new AwsError("PriorityInUse", `Priority '${priority}' is currently in use`);
  }

  #rulesOfBalancer(balancerArn: string): Readonly<RuleDocument>[] {
    return this.#state.listenersOf(balancerArn).flatMap(({ arn }) => this.#state.rulesOf(arn));
  }

  #actionsOf(balancerArn: string, exceptRule?: string) {
    return this.#rulesOfBalancer(balancerArn)
      .filter(({ arn }) => arn !== exceptRule)
      .flatMap(({ actions }) => actions);
  }
}

function acceptedPriority(priority: number | undefined): number {
  if (priority === undefined || !Number.isInteger(priority) || priority < 1 || priority > 50_000) {
    throw invalid(`Priority '${priority}' must be between 1 and 50000`);
  }
  return priority;
}

function asApi({ arn, priority, conditions, actions }: Readonly<RuleDocument>): Rule {
  return {
    RuleArn: arn,
    Priority: priority === undefined ? "default" : String(priority),
    Conditions: conditions,
    Actions: actions,
    IsDefault: priority === undefined,
    Transforms: [],
  };
}
