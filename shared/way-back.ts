import { isHot } from "./admission/rollback.ts";
import { allEnded } from "./all-ended.ts";
import type { Alerts } from "./aws/alerts.ts";
import type { Executions } from "./aws/executions.ts";
import type { Fleets } from "./aws/fleets.ts";
import type { Images } from "./aws/images.ts";
import type { Keys } from "./aws/keys.ts";
import type { Ledger } from "./aws/ledger.ts";
import type { TargetGroups } from "./aws/target-groups.ts";
import type { Templates } from "./aws/templates.ts";
import { type Head, rollbackTarget } from "./domain/head.ts";
import { imageName, templateName } from "./domain/names.ts";
import { imageOwner } from "./domain/release.ts";
import { announcementOf, emptyWayBack, isReady, judgeWayBack, type WayBack } from "./domain/way-back.ts";
import type { BaseWorld } from "./step.ts";

/** What proving the way back works with. */
export interface WayBackWorld extends BaseWorld {
  ledger: Ledger;
  fleets: Fleets;
  targetGroups: TargetGroups;
  templates: Templates;
  images: Images;
  executions: Executions;
  keys: Keys;
  alerts: Alerts;
}

/** One service's proof. */
export interface ProvedWayBack extends WayBack {
  service: string;
}

/**
 * Proves for each service that production can go back: that the standby could take over now, or that what a cold rollback
 * launches is all there. A service at which somebody is at work is left for the next time.
 * @param recorder Execution under which the proof is written down, and a loss announced; left out, nothing is written.
 */
export async function proveWaysBack(
  world: WayBackWorld,
  recorder: string | undefined,
  onlyService?: string,
): Promise<ProvedWayBack[]> {
  const services = onlyService === undefined ? await world.ledger.services() : [onlyService];
  const proofs = await allEnded(services.map((service) => proveService(service, recorder, world)));
  return proofs.flatMap((proof) => proof ?? []);
}

async function proveService(
  service: string,
  recorder: string | undefined,
  world: WayBackWorld,
): Promise<ProvedWayBack | undefined> {
  const [head, lease, before] = await Promise.all([
    world.ledger.head(service),
    world.ledger.lease(service),
    world.ledger.wayBack(service),
  ]);
  if (!head.live) return undefined;
  const owner = lease?.owner;
  if (recorder !== undefined && owner != null && (await world.executions.status(owner)) !== "ended") return undefined;
  const proof = await prove(head, before, world);
  if (recorder !== undefined) await record(recorder, head.live.generation, head, before, proof, world);
  return { service, ...proof };
}

async function prove(head: Head, before: WayBack | undefined, world: WayBackWorld): Promise<WayBack> {
  const { service, live, standby } = head;
  const { measured } = before ?? emptyWayBack();
  const provedAt = new Date(world.now()).toISOString();
  const generation = rollbackTarget(head, live?.generation);
  const release = generation === undefined ? undefined : await world.ledger.release(service, generation);
  if (generation === undefined || !release) return { ...emptyWayBack(), provedAt, measured };
  const { stage, keyArn } = world.config;
  const [isFleetReady, image, hasTemplateVersion, keyState] = await Promise.all([
    isHot(release, head, world),
    world.images.find(imageName(stage, imageOwner(release), release.imageDigest)),
    world.templates.has(templateName(stage, service), generation),
    world.keys.state(keyArn),
  ]);
  const isHotWindow = standby?.generation === generation && Date.parse(standby.until) > world.now();
  const judged = judgeWayBack({ isHotWindow, isFleetReady, imageState: image.state, hasTemplateVersion, keyState });
  return { provedAt, generation, ...judged, measured };
}

async function record(
  execution: string,
  live: string,
  { service }: Head,
  before: WayBack | undefined,
  proof: WayBack,
  world: WayBackWorld,
): Promise<void> {
  const announcement = announcementOf(before?.provedAt ? before : undefined, proof);
  if (announcement) {
    const { provedAt, generation, promised, way, problems } = proof;
    const evidence = { to: generation, promised, way, problems };
    const event = `way-back-${announcement}` as const;
    const at = provedAt ?? new Date(world.now()).toISOString();
    await world.ledger.record({ service, generation: live }, { event, at, execution, ...evidence });
  }
  await world.alerts.wayBack(service, isReady(proof));
  await world.ledger.updateWayBack(service, (present) => ({ ...proof, measured: present.measured }));
}
