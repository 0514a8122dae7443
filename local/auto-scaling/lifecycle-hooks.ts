import type {
  CompleteLifecycleActionCommandInput,
  DescribeLifecycleHooksCommandInput,
  DescribeLifecycleHooksCommandOutput,
  LifecycleHook,
  LifecycleHookSpecification,
  PutLifecycleHookCommandInput,
  RecordLifecycleActionHeartbeatCommandInput,
} from "@aws-sdk/client-auto-scaling";
import { AwsError } from "../core/aws-error.ts";
import type { Kernel, Operation } from "../core/kernel.ts";
import type { HookDocument, HookWait, InstanceDocument } from "./documents.ts";
import { invalid, unsupported } from "./errors.ts";
import type { AutoScalingPermissions } from "./permissions.ts";
import type { AutoScalingState } from "./state.ts";

/** Hooks per group. Source: quotas for Amazon EC2 Auto Scaling. */
const hookLimit = 50;
/** The longest an instance waits in all: 48 hours, or 100 heartbeats if that is less. Source: LifecycleHook.GlobalTimeout. */
const longestWaitSeconds = 172_800;

type Transition = HookDocument["transition"];

/** What becomes of an instance whose lifecycle action was answered. */
export interface HookOutcomes {
  /** A launch is not wanted: the instance goes. */
  abandoned(instance: Readonly<InstanceDocument>): void;
  /** Something moved: the group looks at itself soon. */
  poke(group: string): void;
}

/** Lifecycle hooks: pauses while an instance launches or terminates, until somebody answers or time runs out. */
export class LifecycleHooks {
  readonly #kernel: Kernel;
  readonly #state: AutoScalingState;
  readonly #permissions: AutoScalingPermissions;
  readonly #outcomes: HookOutcomes;

  constructor(kernel: Kernel, state: AutoScalingState, permissions: AutoScalingPermissions, outcomes: HookOutcomes) {
    this.#kernel = kernel;
    this.#state = state;
    this.#permissions = permissions;
    this.#outcomes = outcomes;
  }

  operations(): Record<string, Operation> {
    const needed = (action: string) => (input: { AutoScalingGroupName?: string | undefined }) => [
      this.#permissions.on(action, input.AutoScalingGroupName),
    ];
    return {
      PutLifecycleHook: {
        permissions: needed("PutLifecycleHook"),
        run: (input: PutLifecycleHookCommandInput) => {
          this.#state.putHook(this.accepted(this.#state.group(input.AutoScalingGroupName).name, input));
          return {};
        },
      },
      DescribeLifecycleHooks: { run: (input: DescribeLifecycleHooksCommandInput) => this.#describe(input) },
      DeleteLifecycleHook: {
        permissions: needed("DeleteLifecycleHook"),
        run: (input: { AutoScalingGroupName?: string; LifecycleHookName?: string }) => {
          const { name } = this.#state.group(input.AutoScalingGroupName);
          const hook = input.LifecycleHookName ?? "";
          if (!this.#state.deleteHook(name, hook)) throw invalid(`No Lifecycle Hook found with name: ${hook}`);
          return {};
        },
      },
      CompleteLifecycleAction: {
        permissions: needed("CompleteLifecycleAction"),
        run: (input: CompleteLifecycleActionCommandInput) => this.#complete(input),
      },
      RecordLifecycleActionHeartbeat: {
        permissions: needed("RecordLifecycleActionHeartbeat"),
        run: (input: RecordLifecycleActionHeartbeatCommandInput) => this.#heartbeat(input),
      },
    };
  }

  /**
   * A hook as it is after a put; what an update leaves out stays.
   * @throws {AwsError} ValidationError for values out of range, LimitExceeded for one hook too many.
   */
  accepted(group: string, input: LifecycleHookSpecification | PutLifecycleHookCommandInput): HookDocument {
    const hooks = this.#state.hooksOf(group);
    const name = input.LifecycleHookName ?? "";
    const before = hooks.find((hook) => hook.name === name);
    if (!/^[A-Za-z0-9\-_/]{1,255}$/.test(name)) throw invalid(`Lifecycle hook name '${name}' is not valid`);
    if (!before && hooks.length >= hookLimit)
      throw new AwsError("LimitExceeded", `A group has at most ${hookLimit} lifecycle hooks`);
    if (input.NotificationTargetARN || input.RoleARN)
      throw unsupported("notification targets of lifecycle hooks; EventBridge has the events");
    const transition = input.LifecycleTransition ?? before?.transition;
    if (transition !== "autoscaling:EC2_INSTANCE_LAUNCHING" && transition !== "autoscaling:EC2_INSTANCE_TERMINATING") {
      throw invalid(`Lifecycle transition '${transition}' is not valid`);
    }
    const heartbeatSeconds = input.HeartbeatTimeout ?? before?.heartbeatSeconds ?? 3600;
    if (heartbeatSeconds < 30 || heartbeatSeconds > 7200)
      throw invalid("HeartbeatTimeout must be between 30 and 7200 seconds");
    const defaultResult = input.DefaultResult ?? before?.defaultResult ?? "ABANDON";
    if (defaultResult !== "CONTINUE" && defaultResult !== "ABANDON")
      throw invalid(`DefaultResult '${defaultResult}' is not valid`);
    return {
      name,
      group,
      transition,
      heartbeatSeconds,
      defaultResult,
      metadata: input.NotificationMetadata ?? before?.metadata,
    };
  }

  /** Starts the waits of a transition and tells EventBridge of each; empty when no hook is interested. */
  begin(instance: Readonly<InstanceDocument>, transition: Transition): HookWait[] {
    const now = this.#kernel.clock.now();
    return this.#state
      .hooksOf(instance.group)
      .filter((hook) => hook.transition === transition)
      .map((hook) => {
        const token = this.#kernel.random.uuid();
        this.#announce(instance, hook, token);
        const globalSeconds = Math.min(longestWaitSeconds, 100 * hook.heartbeatSeconds);
        const globalDeadlineMs = now + globalSeconds * 1000;
        return { hook: hook.name, token, deadlineMs: now + hook.heartbeatSeconds * 1000, globalDeadlineMs };
      });
  }

  /** Ends waits whose time is over with their hook's default result; a hook that was deleted meanwhile continues. */
  expire(instance: Readonly<InstanceDocument>): void {
    const now = this.#kernel.clock.now();
    for (const wait of instance.waits) {
      if (now < wait.deadlineMs) continue;
      const hook = this.#state.hooksOf(instance.group).find(({ name }) => name === wait.hook);
      this.#answer(instance.id, wait, hook?.defaultResult ?? "CONTINUE");
    }
  }

  /** Source of names and details: "EC2 Auto Scaling events" in its user guide. */
  #announce(instance: Readonly<InstanceDocument>, hook: Readonly<HookDocument>, token: string): void {
    const launching = hook.transition === "autoscaling:EC2_INSTANCE_LAUNCHING";
    this.#kernel.emit("aws.event", {
      source: "aws.autoscaling",
      "detail-type": `EC2 Instance-${launching ? "launch" : "terminate"} Lifecycle Action`,
      resources: [this.#state.group(instance.group).arn],
      detail: {
        LifecycleActionToken: token,
        AutoScalingGroupName: instance.group,
        LifecycleHookName: hook.name,
        EC2InstanceId: instance.id,
        LifecycleTransition: hook.transition,
        NotificationMetadata: hook.metadata,
        Origin: launching ? "EC2" : "AutoScalingGroup",
        Destination: launching ? "AutoScalingGroup" : "EC2",
      },
    });
  }

  #complete(input: CompleteLifecycleActionCommandInput): Record<string, never> {
    const { instance, wait } = this.#find(input);
    const result = input.LifecycleActionResult;
    if (result !== "CONTINUE" && result !== "ABANDON") throw invalid(`LifecycleActionResult '${result}' is not valid`);
    this.#answer(instance.id, wait, result);
    this.#outcomes.poke(instance.group);
    return {};
  }

  /** ABANDON ends all other waits too; of a launch it also ends the instance. */
  #answer(instanceId: string, wait: HookWait, result: "CONTINUE" | "ABANDON"): void {
    const instance = this.#state.instances.get(instanceId);
    if (!instance) return;
    const waits = result === "ABANDON" ? [] : instance.waits.filter(({ token }) => token !== wait.token);
    const changed = this.#state.changeInstance(instanceId, { waits });
    if (changed && result === "ABANDON" && changed.state === "Pending:Wait") this.#outcomes.abandoned(changed);
  }

  #heartbeat(input: RecordLifecycleActionHeartbeatCommandInput): Record<string, never> {
    const { instance, wait } = this.#find(input);
    const hook = this.#state.hooksOf(instance.group).find(({ name }) => name === wait.hook);
    const seconds = hook?.heartbeatSeconds ?? 0;
    const deadlineMs = Math.min(this.#kernel.clock.now() + seconds * 1000, wait.globalDeadlineMs);
    const waits = instance.waits.map((one) => (one.token === wait.token ? { ...one, deadlineMs } : one));
    this.#state.changeInstance(instance.id, { waits });
    return {};
  }

  #find(input: CompleteLifecycleActionCommandInput | RecordLifecycleActionHeartbeatCommandInput) {
    const { name } = this.#state.group(input.AutoScalingGroupName);
    const { InstanceId: id, LifecycleActionToken: token, LifecycleHookName: hook } = input;
    if (id === undefined && token === undefined)
      throw invalid("You must specify either an instance ID or a lifecycle action token");
    for (const instance of this.#state.instancesOf(name)) {
      if (id !== undefined && instance.id !== id) continue;
      const wait = instance.waits.find((one) => one.hook === hook && (token === undefined || one.token === token));
      if (wait) return { instance, wait };
    }
    throw invalid(`No active Lifecycle Action found with ${id === undefined ? `token ${token}` : `instance ID ${id}`}`);
  }

  #describe(input: DescribeLifecycleHooksCommandInput): Omit<DescribeLifecycleHooksCommandOutput, "$metadata"> {
    const { name } = this.#state.group(input.AutoScalingGroupName);
    const names = input.LifecycleHookNames;
    const hooks = this.#state.hooksOf(name).filter((hook) => !names?.length || names.includes(hook.name));
    return { LifecycleHooks: hooks.map(hookAsApi) };
  }
}

function hookAsApi(hook: Readonly<HookDocument>): LifecycleHook {
  return {
    LifecycleHookName: hook.name,
    AutoScalingGroupName: hook.group,
    LifecycleTransition: hook.transition,
    NotificationMetadata: hook.metadata,
    HeartbeatTimeout: hook.heartbeatSeconds,
    GlobalTimeout: Math.min(longestWaitSeconds, 100 * hook.heartbeatSeconds),
    DefaultResult: hook.defaultResult,
  };
}
