import type { Target } from "@aws-sdk/client-eventbridge";

export interface RuleDocument {
  name: string;
  arn: string;
  description?: string;
  /** As its owner wrote it, JSON text. */
  eventPattern?: string;
  scheduleExpression?: string;
  state: "ENABLED" | "DISABLED";
  roleArn?: string;
  createdAtMs: number;
  tags: Record<string, string>;
  targets: Target[];
}

/** An event as targets receive it. Source: EventBridge user guide, "Event structure". */
export interface EventEnvelope {
  version: "0";
  id: string;
  "detail-type": string;
  source: string;
  account: string;
  /** Whole seconds, UTC. */
  time: string;
  region: string;
  resources: string[];
  detail: Record<string, unknown>;
}
