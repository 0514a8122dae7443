import type { Target } from "@aws-sdk/client-eventbridge";
import type { Caller, Kernel } from "../core/kernel.ts";
import { callerInRole } from "./acting.ts";
import { sendDeadLetter } from "./dead-letters.ts";
import type { EventEnvelope, RuleDocument } from "./documents.ts";
import { type Failure, failureOf, pauseSeconds, retryLimits } from "./retry.ts";
import { invokeTarget } from "./targets.ts";
import { targetInput } from "./transform.ts";

const host = "events.amazonaws.com";

/** One event on its way to one target, as a durable job. */
interface Delivery {
  id: string;
  rule: { arn: string; name: string };
  target: Target;
  event: EventEnvelope;
  ingestedMs: number;
  /** Tries that have failed so far. */
  failures: number;
}

/** What may be disturbed about a delivery. */
export interface DeliveryFacts {
  ruleName: string;
  targetId: string;
  event: Readonly<EventEnvelope>;
}

/**
 * Says how an event reaches a target: one extra delay, in modelled seconds, for each time it is delivered. `[0]` is the
 * normal course, `[0, 30]` a duplicate half a minute later, `[5]` lets later events overtake. EventBridge promises at
 * least one delivery and no order, so there is always at least one.
 */
export type Disturbance = (facts: DeliveryFacts) => readonly [number, ...number[]];

/** The disturbance that the cloud's settings ask for at the time. */
export function disturbanceOf({ settings, random }: Kernel): Disturbance {
  return () => {
    const { eventDisturbance } = settings;
    if (!eventDisturbance) return [0];
    const { duplicates, delaySeconds } = eventDisturbance;
    const delay = () => random.between(0, delaySeconds);
    return random.next() < duplicates ? [delay(), delay()] : [delay()];
  };
}

/** Brings events to targets: at least once, with retries, and to the dead-letter queue when a target will not have them. */
export class Deliveries {
  readonly #kernel: Kernel;
  /** Replaced to try what a consumer does with duplicate, late and reordered events. */
  disturb: Disturbance;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.disturb = disturbanceOf(kernel);
    kernel.jobs.on<Delivery>("events.deliver", (delivery) => this.#deliver(delivery));
  }

  plan(rule: Readonly<RuleDocument>, event: EventEnvelope): void {
    const now = this.#kernel.clock.now();
    for (const target of rule.targets) {
      const facts = { ruleName: rule.name, targetId: target.Id ?? "", event };
      for (const delaySeconds of this.disturb(facts)) {
        const delivery: Delivery = {
          id: this.#kernel.random.uuid(),
          rule: { arn: rule.arn, name: rule.name },
          target,
          event,
          ingestedMs: now,
          failures: 0,
        };
        this.#kernel.jobs.schedule("events.deliver", now + delaySeconds * 1000, delivery);
      }
    }
  }

  async #deliver(delivery: Delivery): Promise<void> {
    const { target, event, rule } = delivery;
    const input = targetInput(target, event, {
      ruleArn: rule.arn,
      ruleName: rule.name,
      ingestionTime: new Date(delivery.ingestedMs).toISOString(),
    });
    let caller: Caller;
    try {
      caller = await this.#callerFor(delivery);
    } catch (error) {
      const failure = failureOf(error);
      return this.#failed(delivery, failure.retryable ? failure : { ...failure, code: "FAILED_TO_ASSUME_ROLE" });
    }
    try {
      await invokeTarget(this.#kernel, target, input, delivery.id, caller);
    } catch (error) {
      await this.#failed(delivery, failureOf(error));
    }
  }

  /** A target with a role is called in it; any other as EventBridge itself, which the target's own policy must let in. */
  #callerFor({ target, rule, id }: Delivery): Promise<Caller> | Caller {
    if (target.RoleArn === undefined) return this.#kernel.serviceCaller(host, rule.arn);
    return callerInRole(this.#kernel, host, target.RoleArn, id.replaceAll("-", ""));
  }

  async #failed(delivery: Delivery, failure: Failure): Promise<void> {
    const { target, rule } = delivery;
    const failures = delivery.failures + 1;
    const limits = retryLimits(target.RetryPolicy);
    const pause = pauseSeconds(delivery.failures, this.#kernel.random.next());
    const dueMs = this.#kernel.clock.now() + pause * 1000;
    const tooOld = dueMs - delivery.ingestedMs > limits.maximumAgeSeconds * 1000;
    const tooOften = failures > limits.maximumAttempts;
    if (failure.retryable && !tooOld && !tooOften) {
      this.#kernel.jobs.schedule("events.deliver", dueMs, { ...delivery, failures });
      return;
    }
    const queueArn = target.DeadLetterConfig?.Arn;
    this.#kernel.settings.log(`rule ${rule.name} could not deliver to ${target.Arn}: ${failure.message}`);
    if (queueArn === undefined) return;
    const condition = tooOften ? "MaximumRetryAttempts" : "MaximumEventAgeInSeconds";
    const attributes = {
      RULE_ARN: rule.arn,
      TARGET_ARN: target.Arn ?? "",
      ERROR_CODE: failure.code,
      ERROR_MESSAGE: failure.message,
      ...(failure.retryable && { EXHAUSTED_RETRY_CONDITION: condition }),
      RETRY_ATTEMPTS: String(delivery.failures),
    };
    const letter = { queueArn, body: JSON.stringify(delivery.event), attributes };
    await sendDeadLetter(this.#kernel, letter, this.#kernel.serviceCaller(host, rule.arn));
  }
}
