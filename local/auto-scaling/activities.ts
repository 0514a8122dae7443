import type {
  Activity,
  DescribeScalingActivitiesCommandInput,
  DescribeScalingActivitiesCommandOutput,
} from "@aws-sdk/client-auto-scaling";
import type { Kernel, Operation } from "../core/kernel.ts";
import type { ActivityDocument, GroupDocument } from "./documents.ts";
import { unsupported } from "./errors.ts";
import { page } from "./paging.ts";
import type { AutoScalingState } from "./state.ts";

/** Longest StatusMessage. Source: XmlStringMaxLen255 in the Auto Scaling model. */
const longestMessage = 255;

/** Scaling activities: the record of what a group did, and the events that others are told. */
export class Activities {
  readonly #kernel: Kernel;
  readonly #state: AutoScalingState;

  constructor(kernel: Kernel, state: AutoScalingState) {
    this.#kernel = kernel;
    this.#state = state;
  }

  operations(): Record<string, Operation> {
    return {
      DescribeScalingActivities: { run: (input: DescribeScalingActivitiesCommandInput) => this.#describe(input) },
    };
  }

  begin(
    group: Readonly<GroupDocument>,
    activity: Pick<ActivityDocument, "kind" | "description" | "cause" | "status"> & Partial<ActivityDocument>,
  ): ActivityDocument {
    const begun: ActivityDocument = {
      id: this.#kernel.random.uuid(),
      group: group.name,
      groupArn: group.arn,
      startMs: this.#kernel.clock.now(),
      endMs: undefined,
      message: undefined,
      progress: 0,
      instanceId: undefined,
      subnetId: undefined,
      zone: undefined,
      attempts: [],
      failedAttempts: 0,
      asked: false,
      ...activity,
    };
    this.#state.putActivity(begun);
    return begun;
  }

  /** Moves an activity on; one that has ended stays as it is. */
  move(group: string, id: string | undefined, change: Partial<ActivityDocument>): void {
    const activity = this.#state.activity(group, id ?? "");
    if (activity && activity.endMs === undefined) this.#state.putActivity({ ...activity, ...change });
  }

  /** Ends an activity and tells EventBridge. */
  end(group: string, id: string | undefined, status: "Successful" | "Failed" | "Cancelled", message?: string): void {
    const activity = this.#state.activity(group, id ?? "");
    if (!activity || activity.endMs !== undefined) return;
    const endMs = this.#kernel.clock.now();
    const reason = message?.slice(0, longestMessage);
    const description =
      reason === undefined ? activity.description : `${activity.description}  Status Reason: ${reason}`;
    const ended = { ...activity, status, message: reason, description, endMs, progress: 100 };
    this.#state.putActivity(ended);
    this.#announce(ended);
  }

  /** Source of names and details: "EC2 Auto Scaling events" in its user guide. */
  #announce(activity: ActivityDocument): void {
    if (activity.kind === "move") return;
    const successful = activity.status === "Successful";
    const launch = activity.kind === "launch";
    const instance = activity.instanceId;
    this.#kernel.emit("aws.event", {
      source: "aws.autoscaling",
      "detail-type": `EC2 Instance ${launch ? "Launch" : "Terminate"} ${successful ? "Successful" : "Unsuccessful"}`,
      resources: [
        activity.groupArn,
        ...(instance === undefined ? [] : [this.#kernel.arn("ec2", `instance/${instance}`)]),
      ],
      detail: {
        StatusCode: successful ? "InProgress" : activity.status,
        AutoScalingGroupName: activity.group,
        ActivityId: activity.id,
        RequestId: activity.id,
        Details: { "Availability Zone": activity.zone, "Subnet ID": activity.subnetId },
        StatusMessage: activity.message ?? "",
        StartTime: new Date(activity.startMs).toISOString(),
        EndTime: new Date(activity.endMs ?? activity.startMs).toISOString(),
        EC2InstanceId: instance ?? "",
        Cause: activity.cause,
        Description: activity.description,
        Origin: launch ? "EC2" : "AutoScalingGroup",
        Destination: launch ? "AutoScalingGroup" : "EC2",
      },
    });
  }

  #describe(input: DescribeScalingActivitiesCommandInput): Omit<DescribeScalingActivitiesCommandOutput, "$metadata"> {
    if (input.Filters?.length) throw unsupported("filters of DescribeScalingActivities");
    const { AutoScalingGroupName: name, ActivityIds: ids } = input;
    let found: readonly Readonly<ActivityDocument>[];
    if (name === undefined) found = this.#state.allActivities();
    else if (input.IncludeDeletedGroups) found = this.#state.activitiesOf(name);
    else {
      // A group made anew under an old name does not show its predecessor's activities.
      const { arn } = this.#state.group(name);
      found = this.#state.activitiesOf(name).filter(({ groupArn }) => groupArn === arn);
    }
    if (!input.IncludeDeletedGroups) found = found.filter(({ group }) => this.#state.groups.get(group) !== undefined);
    if (ids?.length) found = found.filter(({ id }) => ids.includes(id));
    const { items, NextToken } = page(found, input);
    return { Activities: items.map((activity) => activityAsApi(activity, this.#state)), NextToken };
  }
}

export function activityAsApi(activity: Readonly<ActivityDocument>, state: AutoScalingState): Activity {
  const { subnetId, zone } = activity;
  return {
    ActivityId: activity.id,
    AutoScalingGroupName: activity.group,
    AutoScalingGroupARN: activity.groupArn,
    AutoScalingGroupState: state.groups.get(activity.group)?.arn === activity.groupArn ? "InService" : "Deleted",
    Description: activity.description,
    Cause: activity.cause,
    StartTime: new Date(activity.startMs),
    EndTime: activity.endMs === undefined ? undefined : new Date(activity.endMs),
    StatusCode: activity.status,
    StatusMessage: activity.message,
    Progress: activity.progress,
    Details: JSON.stringify({ "Subnet ID": subnetId, "Availability Zone": zone }),
  };
}

/** An instant as causes spell it: `2026-01-01T00:00:00Z`. */
export function instant(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
