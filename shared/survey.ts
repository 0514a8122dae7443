import type { Executions } from "./aws/executions.ts";
import type { Images } from "./aws/images.ts";
import type { Traffic } from "./aws/traffic.ts";
import type { Touch } from "./domain/drift.ts";
import { isToEnd } from "./domain/experiment.ts";
import { type Head, leftovers } from "./domain/head.ts";
import type { ImageAction, ImagePlan } from "./domain/image-plan.ts";
import type { Lease } from "./domain/lease.ts";
import { expiredPins } from "./domain/pins.ts";
import { dueQuarantines } from "./domain/quarantine.ts";
import { revocationText, revokedIn } from "./domain/revocation.ts";
import { answerInput, answerName, answerToRevocation } from "./domain/revocation-answer.ts";
import { groupName, unexplained } from "./domain/rule-record.ts";
import { type FindingWorld, findGroupDifferences, findTouched, lookAround, type Sightings } from "./drift/finding.ts";
import { targetGroupOf } from "./fleet-names.ts";
import { type ImageSurveyWorld, surveyImages } from "./image-survey.ts";
import { headWithRevocations } from "./revoking.ts";

/** One thing the sweep would do, and why. */
export interface PlannedWork {
  service: string;
  generation: string;
  /**
   * `end`: an experiment's time is over. `replace`: an instance that somebody touched. `report`: somebody else changed the
   * listener, `note`: or a fleet; the sweep says so and leaves it, and of a listener it raises the alarm.
   * `refresh`, `rollback`: what is live was revoked, and another release takes its place.
   * `distrust`: the images that were read cannot be all there are; none is removed. `wait`: an image's time has not come, or an
   * experiment's end.
   */
  action:
    | (
        | "recover"
        | "reap"
        | "free"
        | "unpin"
        | "end"
        | "report"
        | "distrust"
        | "replace"
        | "note"
        | "refresh"
        | "rollback"
      )
    | Exclude<ImageAction, "keep">;
  reason: string;
  /** Id of the image that is meant. */
  image?: string;
  /** ISO time at which an experiment ends; until then it is a `wait`. */
  until?: string;
  /** The execution that takes a revoked release away. */
  answer?: PlannedAnswer;
}

/** An execution of refresh or rollback that is to be started once, whoever starts it. */
export interface PlannedAnswer {
  name: string;
  input: object;
}

export interface SurveyWorld extends ImageSurveyWorld, FindingWorld {
  executions: Executions;
  traffic: Traffic;
  images: Images;
}

/**
 * What a sweep has to do: deploys whose execution has ended without settling, leases that a dead owner left, generations
 * that nothing holds, instances that somebody touched, and images that nothing needs; and what it can only report, a listener
 * or a fleet that somebody else changed and an inventory that cannot be right. It only reads, but for writing down what it was
 * told, and for a sweep which releases must not run.
 * @param told A touch that an event told of.
 * @param heed Whether it is a sweep that asks.
 */
export async function survey(
  world: SurveyWorld,
  onlyService?: string,
  told?: Touch,
  heed = false,
): Promise<PlannedWork[]> {
  const [services, experiments, images, sightings, revocations] = await Promise.all([
    onlyService === undefined ? world.ledger.services() : [onlyService],
    onlyService === undefined ? world.ledger.experiments() : [],
    world.images.ofStage(world.config.stage, onlyService),
    lookAround(world, onlyService),
    world.ledger.revocations.read(),
  ]);
  if (told) await rememberTouch(told, sightings, world);
  const readHead = (name: string) => headWithRevocations(name, revocations, heed, world);
  const found = await Promise.all([...services, ...experiments].map((name) => unlessBusy(name, readHead, world)));
  const free = found.flatMap((one) => one ?? []);
  // An experiment's images go with it.
  const withImages = free.flatMap(({ head }) =>
    head.experiment ? [] : [{ head, images: images.get(head.service) ?? [] }],
  );
  const [work, plans] = await Promise.all([
    Promise.all(free.map((one) => surveyService(one, sightings, world))),
    surveyImages(withImages, world),
  ]);
  return [...work.flat(), ...plans.flatMap((plan, index) => imageWork(withImages[index]?.head.service ?? "", plan))];
}

/** An event may tell of any instance of the account; only those of the stage are written down. */
async function rememberTouch(told: Touch, { instances }: Sightings, { ledger }: SurveyWorld): Promise<void> {
  const seen = instances.find(({ id }) => id === told.instanceId);
  if (seen) await ledger.recordTouch(seen.service, told);
}

interface FreeService {
  head: Head;
  lease: Lease | undefined;
  /** The lease's owner has ended without giving it back. */
  ownerEnded: boolean;
}

/** Undefined while somebody alive is at work there. */
async function unlessBusy(
  service: string,
  readHead: (name: string) => Promise<Head>,
  { ledger, executions }: SurveyWorld,
): Promise<FreeService | undefined> {
  const [head, lease] = await Promise.all([readHead(service), ledger.lease(service)]);
  const ownerEnded = lease?.owner != null && (await executions.status(lease.owner)) === "ended";
  return lease?.owner == null || ownerEnded ? { head, lease, ownerEnded } : undefined;
}

async function surveyService(
  { head, lease, ownerEnded }: FreeService,
  sightings: Sightings,
  world: SurveyWorld,
): Promise<PlannedWork[]> {
  const { service } = head;
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
  if (head.drill) {
    const reason = `a drill was interrupted, and ${head.drill.generation} may still have ${head.drill.percent} % of the requests`;
    work.push({ service, generation: head.drill.generation, action: "recover", reason });
  }
  for (const { generation, min, reason: why } of expiredPins(await world.ledger.pins(service), world.now())) {
    const reason = `it was held at ${min} instances for a time that is over (${why})`;
    work.push({ service, generation, action: "unpin", reason });
  }
  for (const { generation, instanceId, until } of dueQuarantines(head.quarantined, world.now())) {
    work.push({ service, generation, action: "reap", reason: `the quarantine of ${instanceId} was over at ${until}` });
  }
  for (const generation of leftovers(head, world.now())) {
    work.push({ service, generation, action: "reap", reason: whyLeft(head, generation) });
  }
  work.push(...revokedWork(head), ...endToCome(head));
  return [...work, ...(await judgeRule(head, world)), ...(await driftPlan(head, sightings, world))];
}

function whyLeft({ standby, known }: Head, generation: string): string {
  if (standby?.generation === generation) return "its hot window is over";
  return known.includes(generation)
    ? "nothing holds it any more"
    : "it failed, and reads may have hidden something of it";
}

/** An experiment whose time is not over. */
function endToCome({ service, live, pending, experiment }: Head): PlannedWork[] {
  const generation = live?.generation ?? pending?.generation;
  if (!experiment || generation === undefined) return [];
  const { until } = experiment;
  return [{ service, generation, action: "wait", reason: `the experiment ends at ${until}`, until }];
}

/** What is done about a live release that must not run; while another one is on its way there is nothing to do. */
function revokedWork(head: Head): PlannedWork[] {
  const answer = head.pending ? undefined : answerToRevocation(head);
  if (!answer) return [];
  const { kind, revoked } = answer;
  const { service } = head;
  const { generation } = revoked;
  const reason = `${generation} serves although ${revocationText(revoked)}`;
  if (kind === "push") return [{ service, generation, action: "note", reason: `${reason}; push another artifact` }];
  const name = answerName(revoked);
  const planned = { name, input: answerInput(service, answer) };
  return [{ service, generation, action: kind, reason: `${reason}; see execution ${name}`, answer: planned }];
}

async function driftPlan(head: Head, sightings: Sightings, world: SurveyWorld): Promise<PlannedWork[]> {
  const { service, pending, live } = head;
  // Whoever deploys brings a new fleet; while it moves traffic its groups differ by design.
  if (pending || head.drill) return [];
  const touched = await findTouched(head, sightings, world);
  const notes = await findGroupDifferences(head, world);
  return [
    ...touched.map(({ id, generation, reasons, replaced }): PlannedWork => {
      const reason = `${id} was touched: ${reasons.join("; ")}`;
      return { service, generation, action: replaced ? "replace" : "note", reason };
    }),
    ...notes.map((reason): PlannedWork => ({ service, generation: live?.generation ?? "", action: "note", reason })),
  ];
}

function endOf(head: Head): PlannedWork {
  const { service, live, experiment } = head;
  const revoked = live && revokedIn(head, live.generation);
  const reason = revoked
    ? `it runs although ${revocationText(revoked)}`
    : `the experiment's time was over at ${experiment?.until}`;
  return { service, generation: live?.generation ?? "", action: "end", reason };
}

function imageWork(service: string, plan: ImagePlan): PlannedWork[] {
  const work = plan.lines.flatMap(({ imageId, generation, action, reason }): PlannedWork[] =>
    action === "keep" ? [] : [{ service, generation, action, image: imageId, reason: `${imageId}: ${reason}` }],
  );
  if (plan.implausible === undefined) return work;
  const reason = `${service}: ${plan.implausible}; none is removed until that has been so for a day`;
  return [...work, { service, generation: "", action: "distrust", reason }];
}

/** What the production rule says that somebody else changed, or that a dead execution left. */
async function judgeRule(head: Head, world: SurveyWorld): Promise<PlannedWork[]> {
  const { service, live, pending } = head;
  const generation = live?.generation ?? head.standby?.generation;
  const release = generation === undefined ? undefined : await world.ledger.release(service, generation);
  if (!release || generation === undefined) return [];
  const { own, others, trials } = await world.traffic.standing(release.network.listenerArn, service);
  const difference = unexplained(service, head.rule, own, others);
  if (difference !== undefined) return [{ service, generation, action: "report", reason: difference }];
  // A rollback that moved traffic and died may have been followed by a deploy that took its place, and failed as well.
  const name = targetGroupOf(world.config.stage, generation);
  const isShared = own[0]?.weights.some(
    ({ targetGroupArn, weight }) => weight > 0 && groupName(targetGroupArn) !== name,
  );
  if (!live || pending || head.drill) return [];
  if (isShared) {
    const reason = `production goes to another release than ${generation}, which is live`;
    return [{ service, generation, action: "recover", reason }];
  }
  // A launch that outlived its own deploy made it once more, or a rollback that lost its place before it moved traffic.
  const { standby } = head;
  const held = [live, standby].find((one) => one && trials.some((trial) => trial.generation === one.generation));
  if (!held) return [];
  const reason = `it has a trial rule still, and ${held === live ? "is live" : "stands by"}`;
  return [{ service, generation: held.generation, action: "reap", reason }];
}
