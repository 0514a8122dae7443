import type { Executions } from "./aws/executions.ts";
import type { Ledger } from "./aws/ledger.ts";
import type { Traffic } from "./aws/traffic.ts";
import { isToEnd } from "./domain/experiment.ts";
import { type Head, leftovers } from "./domain/head.ts";
import { expiredPins } from "./domain/pins.ts";
import { groupName, unexplained } from "./domain/rule-record.ts";
import { targetGroupOf } from "./fleet-names.ts";

/** One thing the sweep would do, and why. */
export interface PlannedWork {
  service: string;
  generation: string;
  /** `report`: somebody else changed the listener; the sweep says so and leaves it. */
  action: "recover" | "reap" | "free" | "unpin" | "end" | "report";
  reason: string;
}

export interface SurveyWorld {
  config: { stage: string };
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
  return [...work, ...(await judgeRule(head, world))];
}

function endOf({ service, live, experiment }: Head): PlannedWork {
  const reason = `the experiment's time was over at ${experiment?.until}`;
  return { service, generation: live?.generation ?? "", action: "end", reason };
}

/** What the production rule says that somebody else changed, or that a dead execution left. */
async function judgeRule(head: Head, world: SurveyWorld): Promise<PlannedWork[]> {
  const { service, live, pending } = head;
  const generation = live?.generation ?? head.standby?.generation;
  const release = generation === undefined ? undefined : await world.ledger.release(service, generation);
  if (!release || generation === undefined) return [];
  const { own, others } = await world.traffic.standing(release.network.listenerArn, service);
  const difference = unexplained(service, head.rule, own, others);
  if (difference !== undefined) return [{ service, generation, action: "report", reason: difference }];
  // A rollback that moved traffic and died may have been followed by a deploy that took its place, and failed as well.
  const name = targetGroupOf(world.config.stage, generation);
  const isShared = own[0]?.weights.some(
    ({ targetGroupArn, weight }) => weight > 0 && groupName(targetGroupArn) !== name,
  );
  if (!live || pending || !isShared) return [];
  const reason = `production goes to another release than ${generation}, which is live`;
  return [{ service, generation, action: "recover", reason }];
}
