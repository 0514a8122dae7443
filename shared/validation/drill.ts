import { type DrillCourse, judgeAnswers, nextLookSeconds } from "../domain/drill.ts";
import type { Head } from "../domain/head.ts";
import type { Release } from "../domain/release.ts";
import { DrillFailedError, LeaseLostError } from "../errors.ts";
import { targetGroupOf } from "../fleet-names.ts";
import { pending, ready, type StepOutput } from "../step-input.ts";
import { ask, greenAlarms } from "./checks.ts";
import { lookAt } from "./look.ts";
import type { Turn, ValidationWorld } from "./world.ts";

const minuteMs = 60_000;

/**
 * One look at a standby that has a drill's share: it goes on, is over, or is given up at the first doubt. It is cut short
 * when somebody has deployed meanwhile and waits.
 */
export async function watchDrill(turn: Turn, standby: Release, world: ValidationWorld): Promise<StepOutput> {
  const head = await world.ledger.head(standby.service);
  const { drill } = head;
  if (drill?.execution !== turn.execution) throw overtaken(standby.service);
  const [look, reports] = await Promise.all([
    lookAt(standby, turn.memo["targetGroupArn"], world),
    liveAlarms(head, world),
  ]);
  const needed = Number(turn.memo["needed"] ?? look.needed);
  if (look.health.healthy < needed) {
    const counted = [`${look.health.healthy} of ${needed} healthy targets`, ...look.health.reasons].join("; ");
    throw failed(standby, `it had ${counted}`);
  }
  const red = reports.find(({ verdict }) => verdict === "fail");
  if (red) throw failed(standby, red.reason);
  if (head.pending) return ready({ ...turn.memo, cutShort: head.pending.generation });
  const leftMs = Number(turn.memo["lentAtMs"] ?? world.now()) + drill.seconds * 1000 - world.now();
  return leftMs <= 0 ? ready(turn.memo) : pending(nextLookSeconds(leftMs), turn.memo);
}

/** What the standby answered, by the load balancer's count of the minutes in which it had its share. */
export async function judgeDrill(turn: Turn, standby: Release, world: ValidationWorld): Promise<StepOutput> {
  const { memo } = turn;
  if (memo["cutShort"] !== undefined) {
    const why = `it was cut short for ${memo["cutShort"]}, which was deployed meanwhile; until then its targets were healthy`;
    return judged(memo, { verdict: "inconclusive", why });
  }
  const { live } = await world.ledger.head(standby.service);
  const candidate = String(memo["targetGroupArn"]);
  const baseline = live && (await world.targetGroups.find(targetGroupOf(world.config.stage, live.generation)));
  if (!baseline) return judged(memo, { verdict: "inconclusive", why: "the target group of the live release is gone" });
  const groups = { loadBalancerArn: standby.network.loadBalancerArn, baseline, candidate };
  const fromMs = Math.floor(Number(memo["lentAtMs"]) / minuteMs) * minuteMs;
  const toMs = (Math.floor(Number(memo["returnedAtMs"]) / minuteMs) + 1) * minuteMs;
  const minutes = await world.groupMetrics.minutes(groups, { fromMs, toMs });
  const sum = (role: "baseline" | "candidate") => ({
    requests: minutes.reduce((total, minute) => total + minute[role].requests, 0),
    errors: minutes.reduce((total, minute) => total + minute[role].errors, 0),
  });
  const answers = sum("candidate");
  const { verdict, why } = judgeAnswers(answers, sum("baseline"));
  if (verdict === "fail") throw failed(standby, why);
  return judged(memo, { answers, verdict, why });
}

function judged(memo: Turn["memo"], course: DrillCourse): StepOutput {
  return ready({ ...memo, ...course });
}

async function liveAlarms({ service, live }: Head, world: ValidationWorld) {
  const release = live && (await world.ledger.release(service, live.generation));
  return release ? ask([greenAlarms], { release, targetGroupArn: undefined, step: 0 }, world) : [];
}

function failed({ generation }: Release, reason: string): DrillFailedError {
  return new DrillFailedError(
    `While ${generation} had its share, ${reason}.`,
    "Live has every request. Until this is mended do not count on a rollback to it; deploy again for a standby that will do.",
  );
}

function overtaken(service: string): LeaseLostError {
  return new LeaseLostError(`The drill of ${service} was ended by somebody else.`, `See: kiln status ${service}.`);
}
