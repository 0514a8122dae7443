import type { Ledger } from "./aws/ledger.ts";
import type { Head } from "./domain/head.ts";
import { holdersIn } from "./domain/image-uses.ts";
import { type Revocation, withRevocations } from "./domain/revocation.ts";
import { endedIfRevoked } from "./domain/revocation-answer.ts";

interface RevokingWorld {
  ledger: Pick<Ledger, "head" | "updateHead" | "release">;
  now: () => number;
}

/**
 * The head of a service or experiment with the releases named that must not run. A release that may be launched is never
 * changed, so what was found once holds for whichever head stands when it is written.
 * @param heed Whether it is written down; else it is only what would be.
 */
export async function headWithRevocations(
  name: string,
  revocations: readonly Revocation[],
  heed: boolean,
  { ledger, now }: RevokingWorld,
): Promise<Head> {
  const head = await ledger.head(name);
  // Without any, nothing of it is read but its head.
  const held = revocations.length === 0 ? [] : [...new Set(holdersIn(head).map(({ generation }) => generation))];
  const found = await Promise.all(held.map((generation) => ledger.release(name, generation)));
  const releases = found.filter((release) => release !== undefined);
  const revoked = (present: Head) => endedIfRevoked(withRevocations(present, releases, revocations), now());
  const after = revoked(head);
  return after !== head && heed ? ledger.updateHead(name, revoked) : after;
}
