import type { Head } from "../../shared/domain/head.ts";
import { pausedUntil } from "../../shared/domain/pause.ts";

/**
 * That a service is paused, by whom, and until when the deploy that is under way waits.
 * @param pending The release of that deploy.
 */
export function pauseNotes(
  { paused, service }: Head,
  pending: { generation: string; createdAt: string } | undefined,
): string[] {
  if (!paused) return [];
  const why = paused.reason === "" ? "" : `: ${paused.reason}`;
  const waits = pending ? `; ${pending.generation} pauses until ${pausedUntil(pending)}, then it is undone` : "";
  return [`paused since ${paused.at} by ${paused.by}${why}${waits}; kiln resume ${service} ends it`];
}
