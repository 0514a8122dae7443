import { fleetName } from "../../../shared/domain/names.ts";
import { putRight } from "../deeds-of-operators.ts";
import { type Service, type SimulatedStage, services, stageName } from "../simulated-stage.ts";
import type { Edit } from "./edit.ts";
import { fleetEdits } from "./fleet-edits.ts";
import { imageEdits } from "./image-edits.ts";
import { ruleEdits } from "./rule-edits.ts";

const edits = { ...ruleEdits, ...fleetEdits, ...imageEdits } satisfies Record<string, Edit>;

export type EditKind = keyof typeof edits;

/** What a person or somebody's Terraform does to what is Kiln's, by the account's own rights. */
export const editKinds = Object.keys(edits) as [EditKind, ...EditKind[]];

interface Open {
  kind: EditKind;
  service: Service;
  putBack: () => Promise<void>;
}

/** The edits of one run. One of a kind at a service at a time. */
export class Edits {
  readonly #stage: SimulatedStage;
  readonly #open = new Map<string, Open>();
  /** Why edits could not be put back while time was passing. */
  readonly #refused: unknown[] = [];

  constructor(stage: SimulatedStage) {
    this.#stage = stage;
  }

  /** @param seconds How long it takes until somebody puts it back; at the end of a run it is put right in any case. */
  async make(kind: EditKind, service: Service, seconds: number, [which, how]: readonly number[]): Promise<void> {
    const name = `${kind} ${service}`;
    if (this.#open.has(name)) return;
    const putBack = await edits[kind]({ stage: this.#stage, service, which: which ?? 0, how: how ?? 0 });
    if (!putBack) return;
    this.#open.set(name, { kind, service, putBack });
    const { clock } = this.#stage.cloud;
    clock.at(clock.now() + seconds * 1000, () => {
      this.#putBack(name).catch((error: unknown) => this.#refused.push(error));
    });
  }

  /**
   * Puts right what is still edited, in the ways that docs/operating.md names: what can be put back is put back, or Kiln is
   * told to go on from it; a fleet that is gone comes back with a deploy.
   * @param accepts Whether Kiln is to go on from a changed rule.
   */
  async repair(accepts: boolean): Promise<void> {
    if (this.#refused.length > 0) throw this.#refused[0];
    const accepted = accepts ? [...this.#open.values()].filter(({ kind }) => kind === "rule-weights") : [];
    for (const [name, open] of this.#open) if (!accepted.includes(open)) await this.#putBack(name);
    for (const service of services) {
      const isAccepted = accepted.some((open) => open.service === service);
      if (isAccepted) await this.#deploy(service, { acceptRule: true });
      else if (await this.#isFleetGone(service)) await this.#deploy(service, {});
    }
    this.#open.clear();
  }

  async #putBack(name: string): Promise<void> {
    const open = this.#open.get(name);
    this.#open.delete(name);
    await open?.putBack();
  }

  async #isFleetGone(service: Service): Promise<boolean> {
    const { cloud, ledger } = this.#stage;
    const { live } = await cloud.complete(ledger.head(service));
    return live !== null && cloud.byHand.fleets.has(fleetName(stageName, live.generation));
  }

  async #deploy(service: Service, how: object): Promise<void> {
    const stage = this.#stage;
    // Nobody is asked, and nothing that it needs is revoked.
    await putRight(stage, service);
    const version = "997";
    // The upload starts a deploy by itself, which a changed rule refuses.
    const uploaded = await stage.deploy(service, version);
    const asked = "acceptRule" in how ? await stage.run("Deploy", { service, version, ...how }) : uploaded;
    if (stage.path(asked.arn).at(-1) !== "Live") {
      throw new Error(`${service} was not deployed to mend it: ${asked.error}: ${asked.cause}`);
    }
    stage.cloud.byHand.mended(service);
  }
}
