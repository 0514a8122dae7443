import type * as z from "zod/mini";
import { redAlarms } from "../domain/alarms.ts";
import { holdAt } from "../domain/calendar.ts";
import { refuseDrill, withDrill } from "../domain/drill.ts";
import type { Head } from "../domain/head.ts";
import type { Release } from "../domain/release.ts";
import type { DrillRequest, rollbackInput } from "../domain/request.ts";
import { DrillRefusedError, ManualInputError } from "../errors.ts";
import { acquireLease } from "./lease.ts";
import { isHot } from "./rollback.ts";
import { judgeListener } from "./route.ts";
import type { Admission, AdmissionWorld } from "./world.ts";

type DrillInput = z.infer<typeof rollbackInput> & { drill: DrillRequest };

/**
 * Admits a rehearsal of the rollback: only while nothing is under way, and only to a standby that could take over now.
 *
 * After `ready`: it holds the lease, and the head names the drill, so that whoever takes the lease from a dead one knows
 * that live is to get everything. Repeatable: what this execution began is found again in the head.
 */
export async function admitDrill(
  asked: { execution: string; startedAt: string },
  { service, drill: wanted, ...others }: DrillInput,
  world: AdmissionWorld,
): Promise<Admission> {
  const odd = Object.entries(others).find(([key, value]) => key !== "reason" && value !== undefined);
  if (odd) {
    throw new ManualInputError(
      `The input is not understood: ${odd[0]} cannot stand beside drill.`,
      'Give {"service":"web","drill":{}}.',
    );
  }
  const { execution } = asked;
  const head = await world.ledger.head(service);
  const isBegun = head.drill?.execution === execution;
  const standby = isBegun ? await standbyOf(head, world) : await rehearsable(head, wanted, world);

  const lease = await acquireLease(service, execution, world, async (owner) => {
    throw refused(
      service,
      `${owner} is at work`,
      `Let it end: kiln status ${service}. Then again: kiln drill ${service}.`,
    );
  });
  if ("status" in lease) return lease;
  const ref = { service, generation: standby.generation, fence: lease.fence };
  const drill = { execution, generation: standby.generation, at: asked.startedAt, ...wanted };
  const written = await world.ledger.updateHead(service, (present) => withDrill(present, head, drill));
  if (written.drill?.execution !== execution) {
    await world.ledger.releaseLease(ref, execution);
    throw refused(service, "something else has just begun", `Let it end: kiln status ${service}.`);
  }
  return { status: "ready", waitSeconds: 0, reason: "drill", release: ref, path: "drill" };
}

/** The standby, when it may be sent requests now. @throws {DrillRefusedError} saying what is in the way. */
async function rehearsable(head: Head, wanted: DrillRequest, world: AdmissionWorld): Promise<Release> {
  const { service } = head;
  const refusal = refuseDrill(head, wanted, world.now());
  if (refusal) throw refused(service, refusal.problem, refusal.fix);
  const hold = holdAt(world.now(), [], await world.ledger.freezes.of(service));
  if (hold) throw refused(service, hold.why, `Once it is over: kiln drill ${service}.`);
  const standby = await standbyOf(head, world);
  await judgeListener(head, standby.network.listenerArn, false, world);
  const live = head.live && (await world.ledger.release(service, head.live.generation));
  const red = redAlarms(await world.alarms.states(live?.spec.alarms ?? []));
  if (red !== undefined) {
    throw refused(service, `alarm ${red}`, `A drill would tell nothing. When it is green: kiln drill ${service}.`);
  }
  if (await isHot(standby, head, world)) return standby;
  const fix = `A rollback would launch its image instead. See why its fleet is smaller: kiln status ${service}.`;
  throw refused(service, `${standby.generation} stands by with fewer healthy servers than live needs`, fix);
}

async function standbyOf(head: Head, { ledger }: AdmissionWorld): Promise<Release> {
  const generation = head.drill?.generation ?? head.standby?.generation ?? "";
  const release = await ledger.release(head.service, generation);
  if (release) return release;
  throw refused(head.service, `${generation} is not in the ledger`, "Drill after the next deploy.");
}

function refused(service: string, problem: string, fix: string): DrillRefusedError {
  return new DrillRefusedError(`The rollback of ${service} is not rehearsed: ${problem}.`, fix);
}
