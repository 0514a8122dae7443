import type { Kernel } from "../core/kernel.ts";
import type { Collection } from "../core/store.ts";
import type { ActivityDocument, GroupDocument, HookDocument, InstanceDocument, PolicyDocument } from "./documents.ts";
import { invalid } from "./errors.ts";

/** Activities kept per group. AWS keeps six weeks of them; this bounds memory for fleets that fail for long. */
const keptActivities = 500;

/** What the service remembers. Keys of things inside a group start with the group's name and a bar (no name has one). */
export class AutoScalingState {
  readonly groups: Collection<GroupDocument>;
  readonly instances: Collection<InstanceDocument>;
  readonly #activities: Collection<ActivityDocument>;
  readonly #hooks: Collection<HookDocument>;
  readonly #policies: Collection<PolicyDocument>;

  constructor({ store }: Kernel) {
    this.groups = store.collection("autoscaling.groups");
    this.instances = store.collection("autoscaling.instances");
    this.#activities = store.collection("autoscaling.activities");
    this.#hooks = store.collection("autoscaling.hooks");
    this.#policies = store.collection("autoscaling.policies");
  }

  /** @throws {AwsError} ValidationError, as AWS answers for a missing group. */
  group(name: string | undefined): Readonly<GroupDocument> {
    const group = this.groups.get(name ?? "");
    if (!group) throw invalid(`AutoScalingGroup name not found - AutoScalingGroup ${name} not found`);
    return group;
  }

  /** Changes a group as it is now: others may have changed it since it was read. Returns undefined when it is gone. */
  change(name: string, change: (group: Readonly<GroupDocument>) => Partial<GroupDocument>): GroupDocument | undefined {
    const group = this.groups.get(name);
    if (!group) return undefined;
    const changed = { ...group, ...change(group) };
    this.groups.put(name, changed);
    return changed;
  }

  instancesOf(group: string): Readonly<InstanceDocument>[] {
    return this.instances.list().filter((instance) => instance.group === group);
  }

  /** @throws {AwsError} ValidationError when no group manages the instance. */
  instance(id: string | undefined): Readonly<InstanceDocument> {
    const instance = this.instances.get(id ?? "");
    if (!instance) throw invalid(`Instance Id not found - No managed instance found for instance ID: ${id}`);
    return instance;
  }

  /** Changes an instance as it is now; undefined when it is gone. */
  changeInstance(id: string, change: Partial<InstanceDocument>): InstanceDocument | undefined {
    const instance = this.instances.get(id);
    if (!instance) return undefined;
    const changed = { ...instance, ...change };
    this.instances.put(id, changed);
    return changed;
  }

  /** Activities of a group, newest first. */
  activitiesOf(group: string): Readonly<ActivityDocument>[] {
    return this.#activities.list(`${group}|`).reverse();
  }

  allActivities(): Readonly<ActivityDocument>[] {
    return this.#activities.list().sort((a, b) => b.startMs - a.startMs);
  }

  activity(group: string, id: string): Readonly<ActivityDocument> | undefined {
    return this.#activities.list(`${group}|`).find((activity) => activity.id === id);
  }

  /** Keys sort by start time, so that the list is in order. */
  putActivity(activity: ActivityDocument): void {
    const prefix = `${activity.group}|`;
    this.#activities.put(`${prefix}${String(activity.startMs).padStart(15, "0")}|${activity.id}`, activity);
    const keys = this.#activities.keys(prefix);
    for (const key of keys.slice(0, Math.max(0, keys.length - keptActivities))) this.#activities.delete(key);
  }

  hooksOf(group: string): Readonly<HookDocument>[] {
    return this.#hooks.list(`${group}|`);
  }

  putHook(hook: HookDocument): void {
    this.#hooks.put(`${hook.group}|${hook.name}`, hook);
  }

  deleteHook(group: string, name: string): boolean {
    return this.#hooks.delete(`${group}|${name}`);
  }

  policiesOf(group: string): Readonly<PolicyDocument>[] {
    return this.#policies.list(`${group}|`);
  }

  allPolicies(): Readonly<PolicyDocument>[] {
    return this.#policies.list();
  }

  putPolicy(policy: PolicyDocument): void {
    this.#policies.put(`${policy.group}|${policy.name}`, policy);
  }

  deletePolicy(policy: Readonly<PolicyDocument>): void {
    this.#policies.delete(`${policy.group}|${policy.name}`);
  }

  /** Forgets a group with its hooks and policies; its activities stay, as on AWS. */
  forget(group: string): void {
    for (const hook of this.hooksOf(group)) this.deleteHook(group, hook.name);
    for (const policy of this.policiesOf(group)) this.deletePolicy(policy);
    this.groups.delete(group);
  }
}
