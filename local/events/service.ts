import type { TestEventPatternCommandInput } from "@aws-sdk/client-eventbridge";
import { AwsError } from "../core/aws-error.ts";
import type { Kernel, Operation, Service } from "../core/kernel.ts";
import { busOperations, envelopeOf } from "./bus.ts";
import { Deliveries, type Disturbance } from "./delivery.ts";
import type { EventEnvelope } from "./documents.ts";
import { matchesCompiled, matchesPattern } from "./pattern.ts";
import { putEventsOperation } from "./put-events.ts";
import { ruleOperations } from "./rule-operations.ts";
import { Rules } from "./rules.ts";
import { tagOperations } from "./tags.ts";

/**
 * Amazon EventBridge: the default event bus with rules on patterns and on schedules. It hears what the cloud's services
 * say through the kernel's signal `aws.event`. Custom buses, archives, connections and pipes are refused by name.
 */
export class EventsService implements Service {
  readonly id = "events";
  readonly operations: Readonly<Record<string, Operation>>;
  readonly #rules: Rules;
  readonly #deliveries: Deliveries;

  constructor(kernel: Kernel) {
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

  /** Makes deliveries come late, twice or out of order; undefined ends it. */
  disturbDeliveries(disturbance: Disturbance | undefined): void {
    this.#deliveries.disturb = disturbance ?? (() => [0]);
  }

  #accept(event: EventEnvelope): void {
    for (const rule of this.#rules.list()) {
      const pattern = this.#rules.patternOf(rule);
      if (rule.state === "ENABLED" && pattern && matchesCompiled(pattern, event)) this.#deliveries.plan(rule, event);
    }
  }
}

/** The members an event must have to be tested. Source: TestEventPattern's API reference. */
const requiredMembers = ["id", "account", "source", "time", "region", "resources", "detail-type"];

function testEventPattern(input: TestEventPatternCommandInput): { Result: boolean } {
  let event: Record<string, unknown>;
  try {
    event = JSON.parse(input.Event ?? "");
  } catch {
    throw new AwsError("ValidationException", "Parameter Event is not valid.", 400);
  }
  for (const name of requiredMembers) {
    if (event[name] !== undefined) continue;
    throw new AwsError(
      "ValidationException",
      `Parameter Event is not valid. Reason: ${name} is a required argument.`,
      400,
    );
  }
  return { Result: matchesPattern(input.EventPattern, event) };
}
