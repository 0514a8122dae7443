import type { TestEventPatternCommandInput } from "@aws-sdk/client-eventbridge";
import { AwsError } from "../core/aws-error.ts";
import type { Kernel, Operation, Service } from "../core/kernel.ts";
import { busOperations, envelopeOf } from "./bus.ts";
import { Deliveries, type Disturbance, disturbanceOf } from "./delivery.ts";
import type { EventEnvelope } from "./documents.ts";
import { fieldsOf } from "./event-fields.ts";
import { matchesCompiled, matchesPattern } from "./pattern.ts";
import { putEventsOperation } from "./put-events.ts";
import { ruleOperations } from "./rule-operations.ts";
import { Rules } from "./rules.ts";
import { tagOperations } from "./tags.ts";

/**
 * Amazon EventBridge: the default event bus with rules on patterns and on schedules. It hears what the cloud's services
 * say through the kernel's signal `aws.event`. Differences from AWS: no custom buses, archives, connections, pipes or
 * targets but state machines, functions, queues, topics and log groups, all refused by name; an invalid pattern is refused
 * without AWS's note of the line and column.
 */
export class EventsService implements Service {
  readonly id = "events";
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #kernel: Kernel;
  readonly #rules: Rules;
  readonly #deliveries: Deliveries;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#deliveries = new Deliveries(kernel);
    this.#rules = new Rules(kernel, (rule, dueMs) => {
      const scheduled = { source: "aws.events", "detail-type": "Scheduled Event", resources: [rule.arn], detail: {} };
      this.#deliveries.plan(rule, envelopeOf(kernel, { ...scheduled, atMs: dueMs }));
    });
    kernel.on("aws.event", (event) => this.#accept(envelopeOf(kernel, event)));
    this.operations = {
      ...busOperations(kernel),
      ...ruleOperations(kernel, this.#rules),
      ...tagOperations(this.#rules),
      PutEvents: putEventsOperation(kernel, (event) => this.#accept(event)),
      TestEventPattern: { run: testEventPattern },
    };
  }

  /** Makes deliveries come late, twice or out of order; undefined goes back to what the settings say. */
  disturbDeliveries(disturbance: Disturbance | undefined): void {
    this.#deliveries.disturb = disturbance ?? disturbanceOf(this.#kernel);
  }

  #accept(event: EventEnvelope): void {
    const fields = fieldsOf(event);
    for (const rule of this.#rules.list()) {
      const pattern = this.#rules.patternOf(rule);
      if (rule.state === "ENABLED" && pattern && matchesCompiled(pattern, fields)) this.#deliveries.plan(rule, event);
    }
  }
}

/**
 * The members an event must have to be tested. Source: what AWS refused and took when recorded (LocalStack's AWS-validated
 * suite, test_events_patterns); its API reference also asks for `resources`, which AWS does without.
 */
const requiredMembers = ["id", "account", "source", "time", "region", "detail-type"];

function testEventPattern(input: TestEventPatternCommandInput): { Result: boolean } {
  const event = parsedEvent(input.Event ?? "");
  if (!event || requiredMembers.some((name) => event[name] === undefined)) {
    throw new AwsError("ValidationException", "Parameter Event is not valid.", 400);
  }
  return { Result: matchesPattern(input.EventPattern, event) };
}

function parsedEvent(text: string): Record<string, unknown> | undefined {
  try {
    const event: unknown = JSON.parse(text);
    const isObject = typeof event === "object" && event !== null && !Array.isArray(event);
    return isObject ? (event as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
