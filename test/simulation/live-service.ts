import { packageInMemory } from "../../scripts/simulate/package-files.ts";
import {
  openStage,
  type PreparedStage,
  prepareStage,
  type SimulatedStage,
  stageName,
} from "../../scripts/simulate/simulated-stage.ts";

/** Stages in which the service `web` serves version 1 already, or version 2 with version 1 standing by. */
export class LiveService {
  readonly #one: PreparedStage;
  #two: PreparedStage | undefined;

  constructor(one: PreparedStage) {
    this.#one = one;
  }

  /** A stage with version 1 live, and changes to the service's spec in force. */
  async open(changes: object = {}): Promise<SimulatedStage> {
    return begun(this.#one, changes);
  }

  /** The same after a second deploy, which is made once. */
  async openWithStandby(changes: object = {}): Promise<SimulatedStage> {
    if (!this.#two) {
      const stage = await begun(this.#one, {});
      await stage.deploy("web", "2");
      await stage.settle();
      this.#two = stage.snapshot();
    }
    return begun(this.#two, changes);
  }
}

/** Applies the package and deploys once. Takes a second or two. */
export async function liveService(): Promise<LiveService> {
  const stage = await openStage(1, await prepareStage(await packageInMemory(stageName)));
  await stage.deploy("web", "1");
  await stage.settle();
  return new LiveService(stage.snapshot());
}

async function begun(begin: PreparedStage, changes: object): Promise<SimulatedStage> {
  const stage = await openStage(2, begin);
  await stage.cloud.until(() => false, 1);
  await stage.apply("web", changes);
  return stage;
}
