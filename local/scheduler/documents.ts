import type { Target } from "@aws-sdk/client-scheduler";

export interface ScheduleDocument {
  group: string;
  name: string;
  arn: string;
  expression: string;
  timeZone: string;
  state: "ENABLED" | "DISABLED";
  target: Target;
  /** Length of the flexible time window; absent when it is off. */
  windowMinutes?: number;
  description?: string;
  startMs?: number;
  endMs?: number;
  kmsKeyArn?: string;
  actionAfterCompletion: "NONE" | "DELETE";
  createdAtMs: number;
  modifiedAtMs: number;
  /** Where the times of a rate are counted from. */
  originMs: number;
  clientToken?: string;
}

export interface GroupDocument {
  name: string;
  arn: string;
  tags: Record<string, string>;
  createdAtMs: number;
  modifiedAtMs: number;
  clientToken?: string;
}
