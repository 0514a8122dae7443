import type { Kernel } from "../core/kernel.ts";
import type { GroupDocument, TargetDocument, TargetReason } from "./documents.ts";
import { type BalancingState, targetKey } from "./state.ts";
import type { ProbeOutcome, TrafficDriver } from "./traffic.ts";

interface TargetName {
  groupArn: string;
  id: string;
  port: number;
}

/** States in which an instance cannot serve. */
const downStates = ["stopping", "stopped", "shutting-down", "terminated"];

/** AWS's words for each reason; the code in the failed answer is filled in by the caller. */
const descriptions: Record<Exclude<TargetReason, "Target.ResponseCodeMismatch">, string> = {
  "Elb.RegistrationInProgress": "Target registration is in progress",
  "Elb.InitialHealthChecking": "Initial health checks in progress",
  "Target.Timeout": "Request timed out",
  "Target.FailedHealthChecks": "Health checks failed",
  "Target.NotInUse": "Target group is not configured to receive traffic from the load balancer",
  "Target.InvalidState": "Target is in the stopped or terminated state",
  "Target.DeregistrationInProgress": "Target deregistration is in progress",
};

/**
 * The life of registrations: initial, healthy or unhealthy by health checks, unused while no rule names the group,
 * draining after deregistration. Health is state in the store, changed only by reported checks, so a simulation can
 * report its own.
 */
export class TargetHealth {
  readonly #kernel: Kernel;
  readonly #state: BalancingState;
  readonly #traffic: () => TrafficDriver;

  constructor(kernel: Kernel, state: BalancingState, traffic: () => TrafficDriver) {
    this.#kernel = kernel;
    this.#state = state;
    this.#traffic = traffic;
    kernel.jobs.on<TargetName>("elasticloadbalancing.probe", (name) => this.#probe(name));
    kernel.jobs.on<TargetName>("elasticloadbalancing.drained", (name) =>
      this.#drained(name, this.#drainSeconds(name.groupArn)),
    );
    kernel.on("ec2.instance.changed", ({ instanceId, state }) => this.#instanceChanged(instanceId, state));
  }

  /** Starts or restarts a registration; one that was draining is taken back. */
  register(name: TargetName, instanceId: string): void {
    const known = this.#state.target(name.groupArn, name.id, name.port);
    if (known && known.state !== "draining") return;
    this.#kernel.jobs.cancel(drainKey(name));
    this.#begin({ ...name, instanceId });
  }

  /** Stops new requests to the target; those in flight have the group's deregistration delay to end. */
  deregister(name: TargetName): void {
    const target = this.#state.target(name.groupArn, name.id, name.port);
    if (!target || target.state === "draining") return;
    this.#kernel.jobs.cancel(probeKey(name));
    const delayMs = this.#drainSeconds(name.groupArn) * 1000;
    if (target.state === "unused" || delayMs === 0) {
      this.#drained(name, 0);
      return;
    }
    this.#put(target, "draining", "Target.DeregistrationInProgress");
    this.#kernel.jobs.schedule(
      "elasticloadbalancing.drained",
      this.#kernel.clock.now() + delayMs,
      name,
      drainKey(name),
    );
  }

  /** Takes the result of one health check into account. A target that is gone, draining or unused ignores it. */
  report(name: TargetName, outcome: ProbeOutcome): void {
    const target = this.#state.target(name.groupArn, name.id, name.port);
    if (!target || target.state === "draining" || target.state === "unused") return;
    const group = this.#state.group(name.groupArn);
    const { healthyThreshold, unhealthyThreshold, matcher } = group.health;
    const most = Math.max(healthyThreshold, unhealthyThreshold);
    if (outcome.kind === "answered" && matches(matcher, outcome.status)) {
      const counted = { ...target, passedInRow: Math.min(target.passedInRow + 1, most), failedInRow: 0 };
      // One passed check is enough for a new target. Source: "After your target is registered, it must pass one health
      // check to be considered healthy" (health checks in the Application Load Balancers guide).
      const healthy = target.state !== "unhealthy" || counted.passedInRow >= healthyThreshold;
      if (healthy) this.#healthy(counted, target, group);
      else this.#replace(counted, target);
      return;
    }
    const counted = { ...target, passedInRow: 0, failedInRow: Math.min(target.failedInRow + 1, most) };
    const fails = target.state === "unhealthy" || counted.failedInRow >= unhealthyThreshold;
    this.#replace(fails ? { ...counted, state: "unhealthy", ...failure(outcome) } : counted, target);
  }

  /** Brings the targets of a group in line with whether a rule of an active load balancer names it. */
  refreshUse(groupArn: string): void {
    const inUse = this.#state.balancerOf(groupArn) !== undefined;
    for (const target of this.#state.targetsOf(groupArn)) {
      if (target.state === "draining" || target.reason === "Target.InvalidState") continue;
      if (!inUse && target.state !== "unused") {
        this.#kernel.jobs.cancel(probeKey(target));
        this.#put(target, "unused", "Target.NotInUse");
      }
      const waiting =
        target.reason === "Elb.RegistrationInProgress" && this.#kernel.jobs.dueAt(probeKey(target)) === undefined;
      if (inUse && (target.state === "unused" || waiting)) this.#begin(target);
    }
  }

  /** Plans the checks of a group anew, after its settings changed. */
  recheck(groupArn: string): void {
    for (const target of this.#state.targetsOf(groupArn)) {
      if (target.state !== "draining" && target.state !== "unused") this.#plan(target, this.#kernel.clock.now());
    }
  }

  /** Forgets a group's targets at once, with the group. */
  forget(groupArn: string): void {
    for (const target of this.#state.targetsOf(groupArn)) {
      this.#kernel.jobs.cancel(probeKey(target));
      this.#kernel.jobs.cancel(drainKey(target));
      this.#drained(target, 0);
    }
  }

  #begin(name: TargetName & { instanceId: string }): void {
    const { groupArn, id, port, instanceId } = name;
    const balancer = this.#state.balancerOf(groupArn);
    const now = this.#kernel.clock.now();
    const fresh = { groupArn, id, port, instanceId, passedInRow: 0, failedInRow: 0, slowStartUntilMs: undefined };
    const target = { ...fresh, registeredAtMs: now, description: undefined };
    const [state, reason] = balancer
      ? (["initial", "Elb.RegistrationInProgress"] as const)
      : (["unused", "Target.NotInUse"] as const);
    this.#put({ ...target, state, reason }, state, reason);
    // The nodes of a load balancer that is still being provisioned do not check anything yet.
    if (balancer?.state === "active")
      this.#plan(name, now + this.#kernel.settings.delays.targetRegistrationSeconds * 1000);
  }

  #plan({ groupArn, id, port }: TargetName, atMs: number): void {
    const name = { groupArn, id, port };
    this.#kernel.jobs.schedule("elasticloadbalancing.probe", atMs, name, probeKey(name));
  }

  async #probe(name: TargetName): Promise<void> {
    const target = this.#state.target(name.groupArn, name.id, name.port);
    if (!target || target.state === "draining" || target.state === "unused") return;
    if (target.reason === "Elb.RegistrationInProgress") this.#put(target, "initial", "Elb.InitialHealthChecking");
    const { health } = this.#state.group(name.groupArn);
    const startedMs = this.#kernel.clock.now();
    const outcome = await this.#traffic().probe({
      instanceId: target.instanceId,
      port: health.port === "traffic-port" ? target.port : Number(health.port),
      path: health.path,
      timeoutSeconds: health.timeoutSeconds,
    });
    const now = this.#state.target(name.groupArn, name.id, name.port);
    // Meanwhile the registration may have ended, or ended and begun again: then this answer is about the past.
    if (!now || now.registeredAtMs !== target.registeredAtMs || now.state === "draining" || now.state === "unused")
      return;
    this.report(name, outcome);
    this.#plan(name, Math.max(this.#kernel.clock.now(), startedMs + health.intervalSeconds * 1000));
  }

  #healthy(counted: TargetDocument, before: Readonly<TargetDocument>, group: Readonly<GroupDocument>): void {
    const seconds = Number(group.attributes["slow_start.duration_seconds"]);
    const now = this.#kernel.clock.now();
    // Slow start needs a healthy target that is not in slow start itself. Source: "Slow start mode" in the same guide.
    const steady = this.#state
      .targetsOf(group.arn)
      .some(({ state, slowStartUntilMs }) => state === "healthy" && (slowStartUntilMs ?? 0) <= now);
    const slow = before.state === "initial" && seconds > 0 && steady ? now + seconds * 1000 : counted.slowStartUntilMs;
    const healthy = { state: "healthy" as const, reason: undefined, description: undefined, slowStartUntilMs: slow };
    this.#replace({ ...counted, ...healthy }, before);
  }

  /** Writes only what differs: most checks confirm what is known. */
  #replace(target: TargetDocument, before: Readonly<TargetDocument>): void {
    const same =
      target.state === before.state &&
      target.reason === before.reason &&
      target.description === before.description &&
      target.passedInRow === before.passedInRow &&
      target.failedInRow === before.failedInRow;
    if (!same) this.#state.putTarget(target);
  }

  #put(target: Readonly<TargetDocument>, state: TargetDocument["state"], reason: keyof typeof descriptions): void {
    const counts = { passedInRow: 0, failedInRow: 0 };
    this.#state.putTarget({ ...target, ...counts, state, reason, description: descriptions[reason] });
  }

  #drainSeconds(groupArn: string): number {
    return Number(this.#state.group(groupArn).attributes["deregistration_delay.timeout_seconds"]);
  }

  #drained({ groupArn, id, port }: TargetName, delaySeconds: number): void {
    this.#state.deleteTarget(groupArn, id, port);
    this.#traffic().cut(targetKey(groupArn, id, port), delaySeconds);
  }

  #instanceChanged(instanceId: string, state: string): void {
    for (const target of this.#state.allTargets()) {
      if (target.instanceId !== instanceId || target.state === "draining") continue;
      if (downStates.includes(state)) {
        this.#kernel.jobs.cancel(probeKey(target));
        this.#put(target, "unused", "Target.InvalidState");
      } else if (state === "running" && target.reason === "Target.InvalidState") {
        this.#begin(target);
      }
    }
  }
}

function probeKey({ groupArn, id, port }: TargetName): string {
  return `elasticloadbalancing.probe#${targetKey(groupArn, id, port)}`;
}

function drainKey({ groupArn, id, port }: TargetName): string {
  return `elasticloadbalancing.drained#${targetKey(groupArn, id, port)}`;
}

/** Whether a status is among codes such as `200`, `200,202` or `200-299`. */
export function matches(matcher: string, status: number): boolean {
  return matcher.split(",").some((part) => {
    const [from = "", to = from] = part.split("-");
    return status >= Number(from) && status <= Number(to);
  });
}

function failure(outcome: ProbeOutcome): Pick<TargetDocument, "reason" | "description"> {
  if (outcome.kind === "answered") {
    const description = `Health checks failed with these codes: [${outcome.status}]`;
    return { reason: "Target.ResponseCodeMismatch", description };
  }
  const reason = outcome.kind === "timed-out" ? "Target.Timeout" : "Target.FailedHealthChecks";
  return { reason, description: descriptions[reason] };
}
