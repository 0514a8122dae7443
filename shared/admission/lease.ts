import { type Admission, type AdmissionWorld, waiting } from "./world.ts";

/**
 * Takes the service's lease for an execution, or says why it has to wait.
 * @param whenBusy What to do about a holder that still runs; returns how long to wait and why.
 */
export async function acquireLease(
  service: string,
  execution: string,
  world: AdmissionWorld,
  whenBusy: (owner: string) => Promise<Admission>,
): Promise<{ fence: number } | Admission> {
  const present = await world.ledger.lease(service);
  const owner = present?.owner ?? null;
  const status = owner !== null && owner !== execution ? await world.executions.status(owner) : "unknown";
  const decision = await world.ledger.takeLease(service, execution, status, owner, world.now());
  if (decision.kind === "busy") return whenBusy(decision.owner);
  const waitMs = Date.parse(decision.lease.activeFrom) - world.now();
  if (waitMs > 0) {
    return waiting(Math.ceil(waitMs / 1000), "waiting out the last call that the earlier owner may have made");
  }
  return { fence: decision.lease.fence };
}
