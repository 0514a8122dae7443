import type {
  DescribeStackEventsCommandInput,
  DescribeStackResourceCommandInput,
  DescribeStackResourcesCommandInput,
  DescribeStacksCommandInput,
  ListStackResourcesCommandInput,
  ListStacksCommandInput,
  Stack,
  StackEvent,
  StackStatus,
} from "@aws-sdk/client-cloudformation";
import { AwsError } from "../core/aws-error.ts";
import type { Operation, Requirement } from "../core/kernel.ts";
import type { ResourceRecord, StackEventRecord, StackRecord } from "./stack-record.ts";
import type { Stacks } from "./stacks.ts";
import { type Template, templateError } from "./template.ts";

/** Items a page. Source: API reference of DescribeStackEvents, ListStacks and ListStackResources. */
const pageSize = 100;
/** A deleted stack is listed for 90 days. Source: API reference of ListStacks. */
const deletedShownMs = 90 * 24 * 3600 * 1000;

/** Operations that show stacks. */
export function describeOperations(stacks: Stacks): Record<string, Operation> {
  const onStack = (operation: string) => (input: { StackName?: string | undefined }) =>
    requirement(stacks, operation, input.StackName);
  return {
    DescribeStacks: {
      permissions: onStack("DescribeStacks"),
      run: (input: DescribeStacksCommandInput) => {
        const found =
          input.StackName === undefined
            ? stacks.all().filter((stack) => stack.status !== "DELETE_COMPLETE")
            : [stacks.find(input.StackName)];
        const { items, next } = page(found, input.NextToken);
        return { Stacks: items.map((stack) => describeStack(stack, stacks.template(stack.target))), NextToken: next };
      },
    },
    ListStacks: {
      run: (input: ListStacksCommandInput) => {
        const wanted = input.StackStatusFilter ?? [];
        const oldestMs = stacks.kernel.clock.now() - deletedShownMs;
        const found = stacks
          .all()
          .filter((stack) => wanted.length === 0 || wanted.includes(stack.status as StackStatus))
          .filter((stack) => stack.deletedAtMs === undefined || stack.deletedAtMs >= oldestMs);
        const { items, next } = page(found, input.NextToken);
        return { StackSummaries: items.map(summary), NextToken: next };
      },
    },
    DescribeStackEvents: {
      permissions: onStack("DescribeStackEvents"),
      run: (input: DescribeStackEventsCommandInput) => {
        const events = stacks.events(stacks.find(input.StackName ?? "").id);
        const { items, next } = page(events, input.NextToken);
        return { StackEvents: items.map(describeEvent), NextToken: next };
      },
    },
    ListStackResources: {
      permissions: onStack("ListStackResources"),
      run: (input: ListStackResourcesCommandInput) => {
        const found = stacks.resources(stacks.find(input.StackName ?? "").id);
        const { items, next } = page(found, input.NextToken);
        return { StackResourceSummaries: items.map(describeResource), NextToken: next };
      },
    },
    DescribeStackResources: {
      permissions: onStack("DescribeStackResources"),
      run: (input: DescribeStackResourcesCommandInput) => ({ StackResources: describeResources(stacks, input) }),
    },
    DescribeStackResource: {
      permissions: onStack("DescribeStackResource"),
      run: (input: DescribeStackResourceCommandInput) => {
        const [StackResourceDetail] = describeResources(stacks, input);
        if (StackResourceDetail) return { StackResourceDetail };
        throw templateError(`Resource ${input.LogicalResourceId} does not exist for stack ${input.StackName}`);
      },
    },
  };
}

function requirement(stacks: Stacks, operation: string, stackName: string | undefined): Requirement[] {
  const action = `cloudformation:${operation}`;
  if (stackName === undefined) return [{ action, resource: "*" }];
  try {
    return [{ action, resource: stacks.find(stackName).id }];
  } catch {
    return [{ action, resource: stacks.kernel.arn("cloudformation", `stack/${stackName}/*`) }];
  }
}

function page<T>(all: readonly T[], token: string | undefined): { items: T[]; next: string | undefined } {
  const from = token === undefined ? 0 : Number(token);
  if (!Number.isInteger(from)) throw new AwsError("ValidationError", "Invalid NextToken");
  const next = from + pageSize < all.length ? String(from + pageSize) : undefined;
  return { items: all.slice(from, from + pageSize), next };
}

function describeStack(stack: StackRecord, template: Template): Stack {
  return {
    StackId: stack.id,
    StackName: stack.name,
    Description: stack.description,
    CreationTime: new Date(stack.createdAtMs),
    ...(stack.updatedAtMs !== undefined && { LastUpdatedTime: new Date(stack.updatedAtMs) }),
    ...(stack.deletedAtMs !== undefined && { DeletionTime: new Date(stack.deletedAtMs) }),
    StackStatus: stack.status as StackStatus,
    StackStatusReason: stack.statusReason,
    DisableRollback: stack.disableRollback,
    EnableTerminationProtection: stack.terminationProtection,
    Capabilities: stack.capabilities as Stack["Capabilities"],
    RoleARN: stack.roleArn,
    NotificationARNs: [],
    Parameters: stack.target.parameters.map(({ key, value, resolvedValue }) => ({
      ParameterKey: key,
      ParameterValue: String(template.Parameters[key]?.NoEcho ?? false) === "true" ? "****" : value,
      ...(resolvedValue !== undefined && { ResolvedValue: resolvedValue }),
    })),
    Outputs: stack.outputs.map((output) => ({
      OutputKey: output.key,
      OutputValue: output.value,
      Description: output.description,
      ExportName: output.exportName,
    })),
    Tags: Object.entries(stack.target.tags).map(([Key, Value]) => ({ Key, Value })),
    DriftInformation: { StackDriftStatus: "NOT_CHECKED" },
  };
}

function summary(stack: StackRecord) {
  return {
    StackId: stack.id,
    StackName: stack.name,
    TemplateDescription: stack.description,
    CreationTime: new Date(stack.createdAtMs),
    ...(stack.updatedAtMs !== undefined && { LastUpdatedTime: new Date(stack.updatedAtMs) }),
    ...(stack.deletedAtMs !== undefined && { DeletionTime: new Date(stack.deletedAtMs) }),
    StackStatus: stack.status as StackStatus,
    StackStatusReason: stack.statusReason,
    DriftInformation: { StackDriftStatus: "NOT_CHECKED" as const },
  };
}

function describeEvent(event: StackEventRecord): StackEvent {
  return {
    StackId: event.stackId,
    EventId: event.id,
    StackName: event.stackName,
    LogicalResourceId: event.logicalId,
    PhysicalResourceId: event.physicalId,
    ResourceType: event.type,
    Timestamp: new Date(event.atMs),
    ResourceStatus: event.status as StackEvent["ResourceStatus"],
    ResourceStatusReason: event.reason,
    ResourceProperties: event.properties,
  };
}

function describeResource(record: ResourceRecord) {
  return {
    LogicalResourceId: record.logicalId,
    PhysicalResourceId: record.physicalId === "" ? undefined : record.physicalId,
    ResourceType: record.type,
    LastUpdatedTimestamp: new Date(record.updatedAtMs),
    ResourceStatus: record.status as StackEvent["ResourceStatus"],
    ResourceStatusReason: record.statusReason,
    DriftInformation: { StackResourceDriftStatus: "NOT_CHECKED" as const },
  };
}

function describeResources(
  stacks: Stacks,
  input: {
    StackName?: string | undefined;
    LogicalResourceId?: string | undefined;
    PhysicalResourceId?: string | undefined;
  },
) {
  const stack = stackOf(stacks, input);
  return stacks
    .resources(stack.id)
    .filter((one) => input.LogicalResourceId === undefined || one.logicalId === input.LogicalResourceId)
    .map((one) => ({
      StackName: stack.name,
      StackId: stack.id,
      Timestamp: new Date(one.updatedAtMs),
      ...describeResource(one),
    }));
}

function stackOf(stacks: Stacks, input: { StackName?: string | undefined; PhysicalResourceId?: string | undefined }) {
  if (input.StackName !== undefined) return stacks.find(input.StackName);
  const owner = stacks
    .all()
    .find((stack) => stacks.resources(stack.id).some((one) => one.physicalId === input.PhysicalResourceId));
  if (owner) return owner;
  throw templateError(`Stack for ${input.PhysicalResourceId} does not exist`);
}
