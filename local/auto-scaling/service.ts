import type { Kernel, Operation, Service } from "../core/kernel.ts";
import { Activities } from "./activities.ts";
import { Capacity } from "./capacity.ts";
import { tagOperations } from "./group-tags.ts";
import { Groups } from "./groups.ts";
import { HealthChecks } from "./health-checks.ts";
import { Instances } from "./instances.ts";
import { Launching } from "./launching.ts";
import { Lifecycle } from "./lifecycle.ts";
import { LifecycleHooks } from "./lifecycle-hooks.ts";
import { Neighbours } from "./neighbours.ts";
import { AutoScalingPermissions } from "./permissions.ts";
import { policyOperations } from "./policies.ts";
import { processOperations } from "./processes.ts";
import { AutoScalingState } from "./state.ts";
import { type MetricReader, TargetTracking } from "./target-tracking.ts";
import { trafficSourceOperations } from "./traffic-sources.ts";
import { Turns } from "./turns.ts";

/**
 * Amazon EC2 Auto Scaling: keeps groups of instances at their desired capacity, through EC2 and Elastic Load Balancing as
 * any caller would use them. Differences from AWS: no launch configurations, instance refreshes, warm pools, scheduled actions,
 * Spot or notifications; policies of target tracking only, judged by alarms that CloudWatch evaluates once a minute; a group is
 * looked at every few seconds; no limits on requests, since AWS publishes none.
 */
export class AutoScalingService implements Service {
  readonly id = "autoscaling";
  readonly operations: Readonly<Record<string, Operation>>;

  /** @param metrics Reads CloudWatch for target tracking policies. */
  constructor(kernel: Kernel, metrics: MetricReader) {
    const state = new AutoScalingState(kernel);
    const permissions = new AutoScalingPermissions(kernel, state);
    const neighbours = new Neighbours(kernel);
    const activities = new Activities(kernel, state);
    const lifecycle: Lifecycle = new Lifecycle(kernel, state, neighbours, activities, () => hooks);
    const launching = new Launching(kernel, state, neighbours, activities, lifecycle);
    const turns = new Turns(kernel, state, {
      neighbours,
      lifecycle,
      launching,
      capacity: new Capacity(kernel, state, activities, lifecycle, launching),
      health: new HealthChecks(kernel, state, neighbours),
      tracking: new TargetTracking(kernel, state, metrics),
    });
    const poke = (group: string) => turns.poke(group);
    const hooks: LifecycleHooks = new LifecycleHooks(kernel, state, permissions, {
      abandoned: (instance) => lifecycle.abandon(instance),
      poke,
    });
    this.operations = {
      ...new Groups({ kernel, state, permissions, neighbours, hooks, poke }).operations(),
      ...new Instances({ kernel, state, permissions, neighbours, lifecycle, poke }).operations(),
      ...activities.operations(),
      ...hooks.operations(),
      ...trafficSourceOperations(state, permissions, neighbours, poke),
      ...processOperations(state, permissions, () => kernel.clock.now(), poke),
      ...policyOperations(kernel, state, permissions),
      ...tagOperations(state, permissions),
    };
  }
}
