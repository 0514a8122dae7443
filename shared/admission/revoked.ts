import { type Made, revocationOf, revocationText } from "../domain/revocation.ts";
import { RevokedError } from "../errors.ts";
import type { AdmissionWorld } from "./world.ts";

/** @throws {RevokedError} when a new release would be made of something that was revoked. */
export async function refuseRevoked(service: string, made: Made, { ledger }: AdmissionWorld): Promise<void> {
  const revocation = revocationOf(made, await ledger.revocations.read());
  if (!revocation) return;
  const { kind, id } = revocation;
  throw new RevokedError(
    `${service} is not deployed: its ${revocationText(revocation)}.`,
    `${another[kind]}, or take it back: kiln revoke ${kind} ${id} --undo.`,
  );
}

const another = {
  base: "Take another base (kiln base pin, or base in the spec)",
  layer: "Push the layer again with other contents",
  artifact: "Push another artifact",
  release: "Push another artifact",
} as const;
