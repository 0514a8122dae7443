import type { Caller } from "../core/kernel.ts";
import type { JsonObject } from "./template.ts";

export interface StackParameter {
  key: string;
  value: string;
  /** What an SSM parameter type resolved to. */
  resolvedValue?: string;
}

/** What a stack is to become: a template with the values it is evaluated with. */
export interface StackTarget {
  templateBody: string;
  parameters: StackParameter[];
  tags: Record<string, string>;
}

/** An operation under way. */
export interface StackWork {
  kind: "create" | "update" | "delete" | "create-rollback" | "update-rollback";
  /** First every resource of the target is brought about, then what the target does not have is removed. */
  phase: "apply" | "remove";
  /** How far each resource of the target is. */
  progress: Record<string, "waiting" | "done">;
  /** What an update goes back to when it fails. */
  previous?: StackTarget;
  /** Resources that are removed from the stack without being deleted. */
  retain: string[];
  disableRollback: boolean;
  failures: string[];
}

export interface StackOutput {
  key: string;
  value: string;
  description?: string;
  exportName?: string;
}

export interface StackRecord {
  id: string;
  name: string;
  status: string;
  statusReason?: string;
  description?: string;
  createdAtMs: number;
  updatedAtMs?: number;
  deletedAtMs?: number;
  target: StackTarget;
  capabilities: string[];
  roleArn?: string;
  /** As whom every resource is made. */
  caller: Caller;
  terminationProtection: boolean;
  disableRollback: boolean;
  outputs: StackOutput[];
  work?: StackWork;
}

export interface ResourceRecord {
  stackId: string;
  logicalId: string;
  type: string;
  status: string;
  statusReason?: string;
  updatedAtMs: number;
  /** Empty until it exists. */
  physicalId: string;
  attributes: JsonObject;
  /** As they were last applied. */
  properties: JsonObject;
  /** What an update that failed tried to apply; parts of it may have been. */
  attempted?: JsonObject;
  stackTags: Record<string, string>;
  suffix: string;
  deletionPolicy: string;
  updateReplacePolicy: string;
  /** What it needs, so that removal goes the other way round. */
  needs: string[];
}

/** The physical resource that a replacement left behind: deleted in the end, or taken back by a rollback. */
export interface LeftoverRecord {
  key: string;
  resource: ResourceRecord;
}

export interface StackEventRecord {
  id: string;
  stackId: string;
  stackName: string;
  logicalId: string;
  physicalId: string;
  type: string;
  atMs: number;
  status: string;
  reason?: string;
  properties?: string;
}
