import { expectedSeconds, isReady, type WayBack } from "../../shared/domain/way-back.ts";

/** What was last proved of the way back, for a person and for a program. */
export interface WayBackStatus {
  generation: string;
  promised: string;
  way: string;
  ready: boolean;
  problems: string[];
  /** ISO time of the proof. */
  provedAt: string;
  /** Median of the rollbacks of this kind; undefined when none was measured. Unit: seconds. */
  expectedSeconds?: number;
}

/** @param target What a rollback would go to now; a proof of another release says nothing about it. */
export function wayBackStatus(record: WayBack | undefined, target?: string): WayBackStatus | undefined {
  if (!record || record.provedAt === null || record.generation === null) return undefined;
  if (target !== undefined && record.generation !== target) return undefined;
  const { generation, promised, way, problems, provedAt, measured } = record;
  const seconds = expectedSeconds(measured, way);
  const expected = seconds === undefined ? {} : { expectedSeconds: Math.round(seconds) };
  return { generation, promised, way, ready: isReady(record), problems, provedAt, ...expected };
}

/** `hot to web-000001, about 12 s (proved 2026-01-01T12:00:00.000Z)`. */
export function wayBackText(status: WayBackStatus): string {
  const { generation, promised, way, ready, problems, provedAt, expectedSeconds: seconds } = status;
  const time = seconds === undefined ? "no rollback of this kind was measured yet" : `about ${seconds} s`;
  const proved = `(proved ${provedAt})`;
  if (way === "lost") return `LOST: ${generation} cannot be gone back to: ${problems.join("; ")} ${proved}`;
  const lacking = problems.length > 0 ? `; ${problems.join("; ")}` : "";
  const worse = ready ? "" : `, not ${promised} as promised`;
  return `${way} to ${generation}${worse}, ${time}${lacking} ${proved}`;
}
