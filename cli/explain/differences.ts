import { servingGroup } from "../../shared/domain/cutover.ts";
import { generationZero } from "../../shared/domain/head.ts";
import type { Present, PresentFleet } from "./present.ts";

/**
 * Where load balancer, fleets and ledger do not say the same. While something is under way they differ by design, so what
 * a running execution explains is left out.
 */
export function differencesOf(present: Present): string[] {
  return [...ruleDifferences(present), ...fleetDifferences(present), ...ownerDifferences(present)];
}

function ruleDifferences(present: Present): string[] {
  const { head, weights, serving, service } = present;
  const published = present.published === generationZero(service) ? undefined : present.published;
  const found: string[] = present.unexplained === undefined ? [] : [present.unexplained];
  const live = head.live?.generation;
  const group = weights && servingGroup(weights);
  if (live !== undefined && weights === undefined) {
    found.push(`the ledger calls ${live} live, but the listener has no production rule of ${service}`);
  } else if (weights !== undefined && group === undefined) {
    found.push(`the production rule of ${service} gives every target group weight 0`);
  } else if (group !== undefined && serving === undefined) {
    found.push(`the production rule sends requests to ${group}, which belongs to no release that the ledger knows`);
  } else if (serving !== undefined && serving !== live && !isMoving(present)) {
    found.push(`the production rule sends requests to ${serving}, the ledger calls ${live ?? "nothing"} live`);
  }
  if (published !== undefined && published !== live && !isMoving(present)) {
    found.push(`Parameter Store says ${published} is live, the ledger says ${live ?? "nothing"}`);
  }
  return found;
}

function fleetDifferences(present: Present): string[] {
  const { head, fleets, weights = [] } = present;
  const found: string[] = [];
  const live = fleets.find(({ generation }) => generation === head.live?.generation);
  if (live) found.push(...shortcomings(live, "live"));
  const standby = fleets.find(({ generation }) => generation === head.standby?.generation);
  if (!standby) return found;
  found.push(...shortcomings(standby, "standby"));
  const named = weights.some(({ targetGroupArn }) => targetGroupArn === standby.targetGroupArn);
  // After a rollback to generation 0 its trial rule keeps it checked.
  if (standby.targetGroupArn !== undefined && !named && head.live) {
    found.push(`the standby ${standby.generation} is not in the production rule, so nobody checks its health`);
  }
  return found;
}

function shortcomings({ generation, group, targetGroupArn, health }: PresentFleet, role: string): string[] {
  if (!group) return [`the ledger calls ${generation} ${role}, but its fleet is gone`];
  if (group.deleting) return [`the ledger calls ${generation} ${role}, but its fleet is being deleted`];
  if (targetGroupArn === undefined) return [`the ledger calls ${generation} ${role}, but its target group is gone`];
  const found: string[] = [];
  if (group.inService < group.desired) {
    found.push(`${role} ${generation} has ${group.inService} of ${group.desired} instances in service`);
  }
  if (health.healthy < group.desired) {
    const because = health.reasons.length > 0 ? `: ${health.reasons.join("; ")}` : "";
    found.push(`${role} ${generation} has ${health.healthy} of ${group.desired} targets healthy${because}`);
  }
  return found;
}

function ownerDifferences({ head, lease, ownerStatus, pendingStatus }: Present): string[] {
  const found: string[] = [];
  if (head.pending && pendingStatus === "ended") {
    found.push(`${head.pending.generation} is pending, but ${head.pending.execution} has ended without settling`);
  }
  if (lease?.owner && ownerStatus === "ended") found.push(`the lease is held by ${lease.owner}, which has ended`);
  return found;
}

/** Whether a running execution is about to change what serves. */
function isMoving({ head, pendingStatus }: Present): boolean {
  return head.pending !== null && pendingStatus !== "ended";
}
