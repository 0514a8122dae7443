import type {
  CreateListenerCommandInput,
  CreateListenerCommandOutput,
  DescribeListenersCommandInput,
  DescribeListenersCommandOutput,
  Listener,
  ModifyListenerCommandInput,
  ModifyListenerCommandOutput,
} from "@aws-sdk/client-elastic-load-balancing-v2";
import { AwsError } from "../core/aws-error.ts";
import type { Kernel, Operation } from "../core/kernel.ts";
import { acceptedActions } from "./actions.ts";
import type { ListenerDocument } from "./documents.ts";
import { invalid, unsupported } from "./errors.ts";
import { page } from "./paging.ts";
import type { BalancingPermissions } from "./permissions.ts";
import type { BalancingState } from "./state.ts";
import { tagRecord } from "./tags.ts";

/** Listeners per load balancer. Source: quotas for Application Load Balancers. */
const listenerLimit = 50;

type Output<T> = Omit<T, "$metadata">;

/** Listeners and, as their default rule, their default actions. */
export class Listeners {
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
    const { on, creating } = {
      on: (action: string, arn: string | undefined) => this.#permissions.on(action, arn),
      creating: (input: CreateListenerCommandInput) => {
        const arn = input.LoadBalancerArn ?? "";
        const created = `${arn.replace(":loadbalancer/", ":listener/")}/*`;
        return this.#permissions.creating("CreateListener", arn, created, input.Tags);
      },
    };
    return {
      CreateListener: { permissions: creating, run: (input: CreateListenerCommandInput) => this.#create(input) },
      DescribeListeners: { run: (input: DescribeListenersCommandInput) => this.#describe(input) },
      ModifyListener: {
        permissions: (input: ModifyListenerCommandInput) => [on("ModifyListener", input.ListenerArn)],
        run: (input: ModifyListenerCommandInput) => this.#modify(input),
      },
      DeleteListener: {
        permissions: (input: { ListenerArn?: string }) => [on("DeleteListener", input.ListenerArn)],
        run: (input: { ListenerArn?: string }) => {
          const { arn, balancerArn } = this.#state.listener(input.ListenerArn ?? "");
          const before = this.#state.groupsOf(balancerArn);
          this.remove(arn);
          this.#changed(balancerArn, before);
          return {};
        },
      },
    };
  }

  /** Drops a listener with its rules; the caller publishes the change. */
  remove(arn: string): void {
    for (const rule of this.#state.rulesOf(arn)) this.#state.rules.delete(rule.arn);
    this.#state.listeners.delete(arn);
  }

  #create(input: CreateListenerCommandInput): Output<CreateListenerCommandOutput> {
    const balancer = this.#state.balancer(input.LoadBalancerArn ?? "");
    const port = acceptedPort(input.Port);
    refuseSecure(input);
    const tags = tagRecord(input.Tags);
    const others = this.#state.listenersOf(balancer.arn);
    const before = this.#state.groupsOf(balancer.arn);
    const inUse = this.#actionsOf(balancer.arn);
    const actions = acceptedActions(this.#state, balancer.arn, input.DefaultActions, inUse);
    const samePort = others.find((listener) => listener.port === port);
    if (samePort) {
      const { actions: known } = this.#state.defaultRuleOf(samePort.arn);
      if (JSON.stringify(known) === JSON.stringify(actions)) return { Listeners: [this.#asApi(samePort)] };
      throw new AwsError("DuplicateListener", "A listener already exists on this port for this load balancer");
    }
    if (others.length >= listenerLimit) {
      throw new AwsError("TooManyListeners", `A load balancer has at most ${listenerLimit} listeners`);
    }
    const arn = `${balancer.arn.replace(":loadbalancer/", ":listener/")}/${this.#kernel.random.hex(16)}`;
    const listener: ListenerDocument = { arn, balancerArn: balancer.arn, port, protocol: "HTTP", attributes: {}, tags };
    this.#state.listeners.put(arn, listener);
    const ruleArn = `${arn.replace(":listener/", ":listener-rule/")}/${this.#kernel.random.hex(16)}`;
    this.#state.rules.put(ruleArn, {
      arn: ruleArn,
      listenerArn: arn,
      priority: undefined,
      conditions: [],
      actions,
      tags: {},
    });
    this.#changed(balancer.arn, before);
    return { Listeners: [this.#asApi(listener)] };
  }

  #modify(input: ModifyListenerCommandInput): Output<ModifyListenerCommandOutput> {
    const listener = this.#state.listener(input.ListenerArn ?? "");
    refuseSecure(input);
    const port = input.Port === undefined ? listener.port : acceptedPort(input.Port);
    const { balancerArn } = listener;
    if (this.#state.listenersOf(balancerArn).some((other) => other.port === port && other.arn !== listener.arn)) {
      throw new AwsError("DuplicateListener", "A listener already exists on this port for this load balancer");
    }
    const before = this.#state.groupsOf(balancerArn);
    const rule = this.#state.defaultRuleOf(listener.arn);
    if (input.DefaultActions) {
      const others = this.#actionsOf(balancerArn, rule.arn);
      const actions = acceptedActions(this.#state, balancerArn, input.DefaultActions, others);
      this.#state.rules.put(rule.arn, { ...rule, actions });
    }
    const changed = { ...listener, port };
    this.#state.listeners.put(listener.arn, changed);
    this.#changed(balancerArn, before);
    return { Listeners: [this.#asApi(changed)] };
  }

  #describe(input: DescribeListenersCommandInput): Output<DescribeListenersCommandOutput> {
    const { LoadBalancerArn, ListenerArns } = input;
    if ((LoadBalancerArn === undefined) === !ListenerArns?.length) {
      throw invalid("You must specify either listener ARNs or a load balancer ARN");
    }
    const found = ListenerArns?.length
      ? ListenerArns.map((arn) => this.#state.listener(arn))
      : this.#state.listenersOf(this.#state.balancer(LoadBalancerArn ?? "").arn);
    const { items, NextMarker } = page(found, input);
    return { Listeners: items.map((listener) => this.#asApi(listener)), NextMarker };
  }

  #actionsOf(balancerArn: string, exceptRule?: string) {
    const rules = this.#state.listenersOf(balancerArn).flatMap(({ arn }) => this.#state.rulesOf(arn));
    return rules.filter(({ arn }) => arn !== exceptRule).flatMap(({ actions }) => actions);
  }

  #asApi({ arn, balancerArn, port, protocol }: Readonly<ListenerDocument>): Listener {
    const DefaultActions = this.#state.defaultRuleOf(arn).actions;
    return { ListenerArn: arn, LoadBalancerArn: balancerArn, Port: port, Protocol: protocol, DefaultActions };
  }
}

function acceptedPort(port: number | undefined): number {
  if (port === undefined) throw invalid("A listener port must be specified");
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw invalid(`Listener port '${port}' is not valid`);
  return port;
}

/** TLS needs certificates that clients on this machine would trust; there are none. */
function refuseSecure(input: CreateListenerCommandInput | ModifyListenerCommandInput): void {
  const { Protocol = "HTTP", Certificates, SslPolicy, AlpnPolicy, MutualAuthentication } = input;
  if (Protocol !== "HTTP") {
    if (Protocol === "HTTPS") throw unsupported("HTTPS listeners");
    throw new AwsError("UnsupportedProtocol", `Protocol '${Protocol}' is not supported by Application Load Balancers`);
  }
  if (Certificates?.length || SslPolicy !== undefined || AlpnPolicy?.length || MutualAuthentication) {
    throw new AwsError("InvalidConfigurationRequest", "HTTP listeners take no certificates and no TLS settings");
  }
}
