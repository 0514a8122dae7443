import type { GroupDocument, InstanceDocument } from "../../../local/auto-scaling/documents.ts";
import { fleetName } from "../../../shared/domain/names.ts";
import { type Service, type SimulatedStage, stageName } from "../simulated-stage.ts";
import { chosen, type Edit, type EditPlace, rows } from "./edit.ts";

const api = "autoscaling";

/** What somebody suspends to look at something in peace, and forgets. */
const processes = ["Launch", "Terminate", "ReplaceUnhealthy", "HealthCheck", "AddToLoadBalancer"] as const;

/** A person in the console, or a script, at one of the fleets of a service: live, standby, or a candidate. */
export const fleetEdits = {
  /** Smaller in every respect, or larger. */
  "group-sizes": async (place) => {
    const { stage, how } = place;
    const fleet = someFleet(place);
    if (!fleet || fleet.maxSize === 0) return undefined;
    const { minSize, maxSize, desired } = fleet;
    stage.cloud.byHand.sized.add(fleet.name);
    const largest = Math.max(1, desired);
    const smaller = { MinSize: Math.min(1, minSize), MaxSize: largest, DesiredCapacity: largest };
    const larger = { MinSize: minSize + 1, MaxSize: maxSize + 2, DesiredCapacity: Math.max(desired, minSize + 1) };
    await stage.cloud.call(api, "UpdateAutoScalingGroup", {
      AutoScalingGroupName: fleet.name,
      ...(how < 0.5 ? smaller : larger),
    });
    return () => sizesPutBack(stage, place.service, fleet.name);
  },
  "group-suspended": async (place) => {
    const { stage, how } = place;
    const fleet = someFleet(place);
    const process = chosen(processes, how);
    if (!fleet || fleet.suspended.some(({ name }) => name === process)) return undefined;
    const asked = { AutoScalingGroupName: fleet.name, ScalingProcesses: [process] };
    await stage.cloud.call(api, "SuspendProcesses", asked);
    // What is launched meanwhile gets no requests, and what got them may go.
    if (process === "AddToLoadBalancer") stage.cloud.byHand.darken(place.service);
    return async () => {
      if (standing(stage, fleet.name)) await stage.cloud.call(api, "ResumeProcesses", asked);
      if (process !== "AddToLoadBalancer") return;
      await registerMembers(stage, fleet.name);
      stage.cloud.byHand.mended(place.service);
    };
  },
  "group-protected": async (place) => {
    const { stage } = place;
    const fleet = someFleet(place);
    const members = fleet ? membersOf(stage, fleet.name) : [];
    if (!fleet || members.length === 0) return undefined;
    const protect = (InstanceIds: string[], ProtectedFromScaleIn: boolean) =>
      stage.cloud.call(api, "SetInstanceProtection", {
        AutoScalingGroupName: fleet.name,
        InstanceIds,
        ProtectedFromScaleIn,
      });
    await protect(members, true);
    return async () => {
      const left = membersOf(stage, fleet.name).filter((id) => members.includes(id));
      if (left.length > 0 && standing(stage, fleet.name)) await protect(left, false);
    };
  },
  /** What it serves goes dark by that hand; a deploy brings a new one. */
  "group-gone": async (place) => {
    const { stage, service } = place;
    const fleet = someFleet(place);
    if (!fleet) return undefined;
    stage.cloud.byHand.darken(service);
    stage.cloud.byHand.fleets.add(fleet.name);
    await stage.cloud.call(api, "DeleteAutoScalingGroup", { AutoScalingGroupName: fleet.name, ForceDelete: true });
    return async () => {};
  },
} as const satisfies Record<string, Edit>;

/** As the spec says; what Kiln holds for a while stays held. */
async function sizesPutBack(stage: SimulatedStage, service: Service, name: string): Promise<void> {
  const fleet = standing(stage, name);
  const generation = name.slice(fleetName(stageName, "").length);
  const release = await stage.ledger.release(service, generation);
  // What is being emptied, or is gone, needs no size.
  if (!fleet || fleet.maxSize === 0 || !release) return;
  const { min, max } = release.spec.capacity;
  const pin = (await stage.ledger.pins(service)).find((one) => one.generation === generation);
  const MinSize = Math.max(min, pin?.min ?? 0);
  const MaxSize = Math.max(max, MinSize);
  const DesiredCapacity = Math.min(MaxSize, Math.max(MinSize, fleet.desired));
  await stage.cloud.call(api, "UpdateAutoScalingGroup", {
    AutoScalingGroupName: name,
    MinSize,
    MaxSize,
    DesiredCapacity,
  });
}

function someFleet({ stage, service, which }: EditPlace): Readonly<GroupDocument> | undefined {
  const prefix = fleetName(stageName, `${service}-`);
  return chosen(
    rows<GroupDocument>(stage, "autoscaling.groups").filter(
      ({ name, deleting }) => name.startsWith(prefix) && !deleting,
    ),
    which,
  );
}

/** A fleet that is there, and not on its way out: of such a one Auto Scaling lets nobody change anything. */
function standing(stage: SimulatedStage, name: string): Readonly<GroupDocument> | undefined {
  return rows<GroupDocument>(stage, "autoscaling.groups").find((fleet) => fleet.name === name && !fleet.deleting);
}

/**
 * Auto Scaling does not register later what it launched meanwhile. Source: Auto Scaling user guide, "Suspend and resume
 * processes", AddToLoadBalancer.
 */
async function registerMembers(stage: SimulatedStage, name: string): Promise<void> {
  const Targets = membersOf(stage, name).map((Id) => ({ Id }));
  if (Targets.length === 0) return;
  for (const { arn } of standing(stage, name)?.trafficSources ?? []) {
    await stage.cloud.call("elasticloadbalancing", "RegisterTargets", { TargetGroupArn: arn, Targets });
  }
}

function membersOf(stage: SimulatedStage, fleet: string): string[] {
  return rows<InstanceDocument>(stage, "autoscaling.instances")
    .filter(({ group, state }) => group === fleet && state === "InService")
    .map(({ id }) => id);
}
