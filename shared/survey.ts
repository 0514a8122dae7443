import type { Executions } from "./aws/executions.ts";
import type { Ledger } from "./aws/ledger.ts";
import type { Traffic } from "./aws/traffic.ts";
import { isToEnd } from "./domain/experiment.ts";
import { type Head, leftovers } from "./domain/head.ts";
import { expiredPins } from "./domain/pins.ts";
import { findUnexplained } from "./rule-judgement.ts";

/** One thing the sweep would do, and why. */
export interface PlannedWork {
  service: string;
  generation: string;
  /** `report`: somebody else changed the listener; the sweep says so and leaves it. */
  action: "recover" | "reap" | "free" | "unpin" | "end" | "report";
  reason: string;
}

export interface SurveyWorld {
  ledger: Ledger;
  executions: Executions;
  traffic: Traffic;
  now: () => number;
}

/**
 * What a sweep has to do: deploys whose execution has ended without settling, leases that a dead owner left, and
 * generations that nothing holds; and what it can only report, a listener that somebody else changed. It only reads.
 */
export async function survey(world: SurveyWorld, onlyService?: string): Promise<PlannedWork[]> {
  const services =
    onlyService === undefined
      ? [...(await world.ledger.services()), ...(await world.ledger.experiments())]
      : [onlyService];
  const plans = await Promise.all(services.map((service) => surveyService(service, world)));
  return plans.flat();
}

async function surveyService(service: string, world: SurveyWorld): Promise<PlannedWork[]> {
  const [head, lease] = await Promise.all([world.ledger.head(service), world.ledger.lease(service)]);
  const ownerEnded = lease?.owner != null && (await world.executions.status(lease.owner)) === "ended";
  if (lease?.owner != null && !ownerEnded) return [];

  if (isToEnd(head, world.now())) return [endOf(head)];
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
  return [...work, ...(await ruleReport(head, world))];
}

function endOf({ service, live, experiment }: Head): PlannedWork {
  const reason = `the experiment's time was over at ${experiment?.until}`;
  return { service, generation: live?.generation ?? "", action: "end", reason };
}

async function ruleReport(head: Head, { ledger, traffic }: SurveyWorld): Promise<PlannedWork[]> {
  const { service } = head;
  const generation = head.live?.generation ?? head.standby?.generation;
  const release = generation === undefined ? undefined : await ledger.release(service, generation);
  const difference = release && (await findUnexplained(head, release.network.listenerArn, traffic));
  if (difference === undefined) return [];
  return [{ service, generation: generation ?? "", action: "report", reason: difference }];
}
