import { type Head, isKept } from "../../shared/domain/head.ts";

/** `cold`: its fleet is gone, its image is kept for a rollback. `gone`: nothing but its record is left. */
export type ReleaseState = "live" | "standby" | "deploying" | "cold" | "gone";

/** What a release is to its service now. */
export function releaseState(generation: string, head: Head): ReleaseState {
  if (head.live?.generation === generation) return "live";
  if (head.pending?.generation === generation) return "deploying";
  if (head.standby?.generation === generation) return "standby";
  return isKept(head, generation) ? "cold" : "gone";
}
