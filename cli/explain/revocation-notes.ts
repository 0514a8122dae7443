import type { Head } from "../../shared/domain/head.ts";
import { revocationText, revokedIn } from "../../shared/domain/revocation.ts";
import { answerName, answerToRevocation, type RevocationAnswer } from "../../shared/domain/revocation-answer.ts";

/** What of a service runs or stands by although it was revoked, and what is done about it. */
export function revocationNotes(head: Head): string[] {
  const { live, standby, pending } = head;
  const notes: string[] = [];
  const answer = answerToRevocation(head);
  if (answer)
    notes.push(
      `${answer.revoked.generation} serves although ${revocationText(answer.revoked)}; ${doing(head, answer)}`,
    );
  const waiting = standby && revokedIn(head, standby.generation);
  if (waiting) notes.push(`nobody can go back to ${waiting.generation}: ${revocationText(waiting)}`);
  const coming = pending && pending.generation !== live?.generation && revokedIn(head, pending.generation);
  if (coming) notes.push(`${coming.generation} gets no requests: ${revocationText(coming)}`);
  return notes;
}

function doing(head: Head, answer: RevocationAnswer): string {
  const { service, pending } = head;
  if (pending && !revokedIn(head, pending.generation)) return `${pending.generation} is to take its place`;
  const name = answerName(answer.revoked);
  switch (answer.kind) {
    case "refresh":
      return `${name} deploys it again on what is newest; had that failed: kiln base refresh ${service} --reason "<why>"`;
    case "rollback":
      return `${name} goes back to ${answer.to}; had that failed: kiln rollback ${service}`;
    case "push":
      return "there is no good release to go back to: push another artifact";
  }
}
