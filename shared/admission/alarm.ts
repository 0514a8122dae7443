import { sha256Hex } from "../digests.ts";
import { type AlarmJudgement, judgeAlarm, type RedAlarm } from "../domain/alarm-rollback.ts";
import type { Head } from "../domain/head.ts";
import { servingGeneration } from "./rollback.ts";
import { type Admission, type AdmissionWorld, skipped } from "./world.ts";

/**
 * Finds the services whose live release watches an alarm that turned red and may go back by it. One alarm may be several
 * services', and each goes back in an execution of its own, which judges the alarm once more.
 */
export async function admitAlarm(alarm: RedAlarm, world: AdmissionWorld): Promise<Admission> {
  const services = await world.ledger.services();
  const judged = await Promise.all(services.map((service) => judgeService(service, alarm, world)));
  const concerned = services.filter((_, index) => judged[index]?.kind !== "skip");
  if (concerned.length === 0) {
    const told = judged.flatMap((one) => ("reason" in one ? [one.reason] : []));
    return skipped(`${alarm.name} moves nothing back: ${told.join("; ") || "there is no service"}`);
  }
  const rollbacks = concerned.map((service) => ({ service, name: executionName(service, alarm) }));
  return { ...skipped(`${alarm.name} is red`), status: "alarm", rollbacks };
}

/** What a first look at the head says; whoever goes back looks at the alarm itself and at the rule as well. */
async function judgeService(service: string, alarm: RedAlarm, world: AdmissionWorld): Promise<AlarmJudgement> {
  return judgeHead(
    await world.ledger.head(service),
    alarm,
    { candidateServes: false, state: "ALARM", lookBackSeconds: 0 },
    world,
  );
}

/** The judgement of one service with everything that it hangs on, read at this instant. */
export async function judgeNow(head: Head, alarm: RedAlarm, world: AdmissionWorld): Promise<AlarmJudgement> {
  const [serving, [found]] = await Promise.all([
    head.pending ? servingGeneration(head, world) : undefined,
    world.alarms.states([alarm.name]),
  ]);
  const candidateServes = serving !== undefined && serving !== head.live?.generation;
  return judgeHead(
    head,
    alarm,
    { candidateServes, state: found?.state, lookBackSeconds: found?.lookBackSeconds },
    world,
  );
}

async function judgeHead(
  head: Head,
  alarm: RedAlarm,
  seen: Pick<Parameters<typeof judgeAlarm>[0], "candidateServes" | "state" | "lookBackSeconds">,
  world: AdmissionWorld,
): Promise<AlarmJudgement> {
  // Without a standby there is no way back, whatever the release watches.
  const live = head.live && head.standby ? await world.ledger.release(head.service, head.live.generation) : undefined;
  return judgeAlarm({ head, live, alarm, ...seen, nowMs: world.now() });
}

/** EventBridge delivers at least once: the same turn of the same alarm makes the same name, which Step Functions refuses. */
function executionName(service: string, { name, at }: RedAlarm): string {
  return `${service}-alarm-${sha256Hex(`${name} ${at}`).slice(0, 24)}`;
}
