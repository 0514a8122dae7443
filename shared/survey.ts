import type { Executions } from "./aws/executions.ts";
import type { Ledger } from "./aws/ledger.ts";
import { leftovers } from "./domain/head.ts";
import { expiredPins } from "./domain/pins.ts";

/** One thing the sweep would do, and why. */
export interface PlannedWork {
  service: string;
  generation: string;
  action: "recover" | "reap" | "free" | "unpin";
  reason: string;
}

/**
 * What a sweep has to do: deploys whose execution has ended without settling, leases that a dead owner left, and
 * generations that nothing holds. It only reads.
 */
export async function survey(
  world: { ledger: Ledger; executions: Executions; now: () => number },
  onlyService?: string,
): Promise<PlannedWork[]> {
  const services = onlyService === undefined ? await world.ledger.services() : [onlyService];
  const plans = await Promise.all(services.map((service) => surveyService(service, world)));
  return plans.flat();
}

async function surveyService(
  service: string,
  world: { ledger: Ledger; executions: Executions; now: () => number },
): Promise<PlannedWork[]> {
  const [head, lease] = await Promise.all([world.ledger.head(service), world.ledger.lease(service)]);
  const ownerEnded = lease?.owner != null && (await world.executions.status(lease.owner)) === "ended";
  if (lease?.owner != null && !ownerEnded) return [];

  const work: PlannedWork[] = [];
  const { pending } = head;
  const pendingEnded = pending !== null && (await world.executions.status(pending.execution)) === "ended";
  if (pending && pendingEnded) {
    const reason = `its execution ${pending.execution} has ended without settling`;
    work.push({ service, generation: pending.generation, action: "recover", reason });
  } else if (ownerEnded) {
    const reason = `the lease is held by ${lease?.owner}, which has ended`;
    work.push({ service, generation: head.live?.generation ?? "", action: "free", reason });
  }
  for (const { generation, min, reason: why } of expiredPins(await world.ledger.pins(service), world.now())) {
    const reason = `it was held at ${min} instances for a time that is over (${why})`;
    work.push({ service, generation, action: "unpin", reason });
  }
  for (const generation of leftovers(head, world.now())) {
    const hot = head.standby?.generation === generation ? "its hot window is over" : "nothing holds it any more";
    work.push({ service, generation, action: "reap", reason: hot });
  }
  return work;
}
