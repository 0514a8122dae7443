import type { GroupDocument as FleetDocument, InstanceDocument } from "../../../local/auto-scaling/documents.ts";
import type { GroupDocument, RuleDocument } from "../../../local/load-balancing/documents.ts";
import type { Head } from "../../../shared/domain/head.ts";
import { keptReleases } from "../../../shared/domain/keep.ts";
import type { Lease } from "../../../shared/domain/lease.ts";
import { fleetName, imageName, tagKeys } from "../../../shared/domain/names.ts";
import { imageOwner, type Release } from "../../../shared/domain/release.ts";
import { answerOf } from "../programs.ts";
import { type SimulatedStage, stageName } from "../simulated-stage.ts";
import { bytesProblems } from "./bytes.ts";
import { CapacityWatch, type FleetSeen } from "./capacity.ts";
import type { Effect, EffectWatch } from "./effect.ts";
import { FencingWatch } from "./fencing.ts";
import { OrderWatch } from "./order.ts";
import { RevokedWatch } from "./revoked.ts";
import { StandingByWatch } from "./standing-by.ts";

/** Problems told of one run; the first ones say what began. */
const toldProblems = 5;

/** The promises that are kept or broken in single calls, and those about what happened in a whole run. */
export class PromiseWatch implements EffectWatch {
  readonly #stage: SimulatedStage;
  readonly #order: OrderWatch;
  readonly #watches: readonly EffectWatch[];

  constructor(stage: SimulatedStage, heads: ReadonlyMap<string, Head>, leases: ReadonlyMap<string, Lease | undefined>) {
    this.#stage = stage;
    const now = () => stage.cloud.clock.now();
    const isRunning = (execution: string) => stage.execution(execution)?.status === "RUNNING";
    const sharesOf = (service: string) => sharesIn(stage, service);
    const fleets = (service: string) => fleetsOf(stage, service);
    const fleet = (name: string) => fleetNamed(stage, name);
    this.#order = new OrderWatch(heads, sharesOf, now);
    this.#watches = [
      this.#order,
      new FencingWatch(leases, isRunning, now),
      new CapacityWatch({ fleet, fleets, sharesOf }),
      new StandingByWatch(heads, now),
      new RevokedWatch(stage.revokedMs, sharesOf, (execution) => stage.execution(execution)?.startMs ?? now(), now),
    ];
  }

  get problems(): string[] {
    return this.#watches.flatMap(({ problems }) => problems).slice(0, toldProblems);
  }

  /** Releases that were live, the last one last. */
  served(service: string): readonly string[] {
    return this.#order.served(service);
  }

  before(effect: Effect): void {
    for (const watch of this.#watches) watch.before?.(effect);
  }

  after(effect: Effect): void {
    for (const watch of this.#watches) watch.after?.(effect);
  }

  /** What can be said once everything is quiet. */
  async endProblems(services: readonly string[]): Promise<string[]> {
    const problems: string[] = [];
    for (const service of services) {
      problems.push(...(await this.#twiceDeployed(service)), ...(await this.#wayBack(service)));
      problems.push(...(await this.#lastingSizes(service)), ...(await this.#bytes(service)));
    }
    return problems;
  }

  /** S5: an upload is deployed once, however often its event comes. */
  async #twiceDeployed(service: string): Promise<string[]> {
    const { cloud, ledger } = this.#stage;
    const seen = new Map<string, Release>();
    const problems: string[] = [];
    for (const generation of await cloud.complete(ledger.generations(service))) {
      const release = await cloud.complete(ledger.release(service, generation));
      // What a person stopped may be deployed again by the same event.
      const isAdoptable = this.#stage.execution(release?.execution ?? "")?.status === "ABORTED";
      if (release?.intent.kind !== "upload" || isAdoptable) continue;
      const { versionId } = release.artifact;
      const first = seen.get(versionId);
      // An execution whose place a rollback took may get another one.
      if (first && first.execution !== release.execution) {
        problems.push(`S5 once: ${first.generation} and ${generation} are of the same upload`);
      }
      seen.set(versionId, release);
    }
    return problems;
  }

  /** S7: what was live last, and the releases before it, can be launched again. */
  async #wayBack(service: string): Promise<string[]> {
    const { cloud, ledger } = this.#stage;
    const images = cloud.kernel.store.collection<{ name: string; state: string }>("ec2.images").list();
    const names = new Set(images.map(({ name }) => name));
    const problems: string[] = [];
    const { kept, live } = await cloud.complete(ledger.head(service));
    // How many are kept is the say of what is live.
    const rule = live && (await cloud.complete(ledger.release(service, live.generation)))?.spec.keep;
    for (const generation of this.#order.served(service).slice(-(rule?.releases ?? keptReleases.usual))) {
      const release = await cloud.complete(ledger.release(service, generation));
      const image = release && imageName(stageName, imageOwner(release), release.imageDigest);
      const hasImage = image !== undefined && (names.has(image) || cloud.byHand.images.has(image));
      if (hasImage && kept.includes(generation)) continue;
      problems.push(`S7 way back: ${generation} served, and cannot be launched again`);
    }
    return problems;
  }

  /** S2, of what serves. */
  async #bytes(service: string): Promise<string[]> {
    const { cloud, ledger } = this.#stage;
    const { live } = await cloud.complete(ledger.head(service));
    const release = live && (await cloud.complete(ledger.release(service, live.generation)));
    return release ? bytesProblems(this.#stage, release) : [];
  }

  /**
   * What a deploy raised is put back: live may shrink to the minimum of its spec. Where a person set another one before the
   * deploy, that is what is put back.
   */
  async #lastingSizes(service: string): Promise<string[]> {
    const { cloud, ledger } = this.#stage;
    const { live } = await cloud.complete(ledger.head(service));
    const release = live && (await cloud.complete(ledger.release(service, live.generation)));
    const fleet = live && fleetNamed(this.#stage, fleetName(stageName, live.generation));
    if (!release || !fleet || fleet.min === release.spec.capacity.min) return [];
    if (cloud.byHand.sized.has(fleetName(stageName, fleet.generation))) return [];
    return [
      `L3 pins: ${fleet.generation} keeps at least ${fleet.min} instances instead of ${release.spec.capacity.min}`,
    ];
  }
}

/** Watches a stage from now on. */
export async function watchPromises(stage: SimulatedStage, services: readonly string[]): Promise<PromiseWatch> {
  const [heads, leases] = [new Map<string, Head>(), new Map<string, Lease | undefined>()];
  for (const service of services) {
    heads.set(service, await stage.cloud.complete(stage.ledger.head(service)));
    leases.set(service, await stage.cloud.complete(stage.ledger.lease(service)));
  }
  const watch = new PromiseWatch(stage, heads, leases);
  stage.cloud.faults.watch = watch;
  return watch;
}

/** The weights of a service's production rule, by generation. */
export function sharesIn(stage: SimulatedStage, service: string): ReadonlyMap<string, number> {
  const { store } = stage.cloud.kernel;
  const groups = store.collection<GroupDocument>("elasticloadbalancing.groups").list();
  const rule = store
    .collection<RuleDocument>("elasticloadbalancing.rules")
    .list()
    .find(({ tags }) => tags[tagKeys.service] === service && tags[tagKeys.role] === "production");
  const shares = rule?.actions.at(-1)?.ForwardConfig?.TargetGroups ?? [];
  return new Map(
    shares.map(({ TargetGroupArn, Weight = 0 }) => {
      const group = groups.find(({ arn }) => arn === TargetGroupArn);
      return [group?.tags[tagKeys.generation] ?? TargetGroupArn ?? "", Weight];
    }),
  );
}

function fleetsOf(stage: SimulatedStage, service: string): FleetSeen[] {
  const documents = stage.cloud.kernel.store.collection<FleetDocument>("autoscaling.groups").list();
  return documents
    .filter(({ name }) => name.startsWith(fleetName(stageName, `${service}-`)))
    .map((fleet) => seen(stage, fleet));
}

function fleetNamed(stage: SimulatedStage, name: string): FleetSeen | undefined {
  const fleet = stage.cloud.kernel.store.collection<FleetDocument>("autoscaling.groups").get(name);
  return fleet && seen(stage, fleet);
}

function seen({ cloud }: SimulatedStage, { name, minSize, maxSize, desired }: Readonly<FleetDocument>): FleetSeen {
  const instances = cloud.kernel.store.collection<InstanceDocument>("autoscaling.instances").list();
  const healthy = instances.filter(({ id, group }) => {
    const answer = answerOf(cloud.programOn(id), cloud.clock.now());
    return group === name && answer.kind === "answered" && answer.status === 200;
  });
  const generation = name.slice(fleetName(stageName, "").length);
  const isHarmed = instances.some(({ id, group }) => group === name && cloud.harmed.has(id));
  const isSizedByHand = cloud.byHand.sized.has(name);
  return { generation, min: minSize, max: maxSize, desired, healthy: healthy.length, isHarmed, isSizedByHand };
}
