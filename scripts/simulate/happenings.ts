import type { GroupDocument } from "../../local/auto-scaling/documents.ts";
import type { Random } from "../../local/core/random.ts";
import { fleetName } from "../../shared/domain/names.ts";
import { type Service, type SimulatedStage, services, stageName } from "./simulated-stage.ts";

/** Unit: milliseconds. So long a person waits at most for an execution that hangs in a call. */
const slowCallLimitMs = 120_000;

/** What people and the world do to a stage in one run; remembers what was pushed. */
export class Happenings {
  readonly #stage: SimulatedStage;
  readonly #random: Random;
  readonly #pushed: { service: Service; version: string }[] = [];
  #happened = 0;

  constructor(stage: SimulatedStage, random: Random) {
    this.#stage = stage;
    this.#random = random;
  }

  /** Something happens, whatever else is under way. */
  async next(): Promise<void> {
    this.#happened += 1;
    const service: Service = this.#random.next() < 0.7 ? "web" : "api";
    const drawn = this.#random.next();
    if (drawn < 0.45) return this.#push(service);
    if (drawn < 0.52) return this.#deployAgain();
    if (drawn < 0.58) return this.#deliverAgain();
    if (drawn < 0.7) return void (await this.#stage.begin("Rollback", { service }));
    if (drawn < 0.74) return void (await this.#stage.begin("Rollback", { service, drill: { percent: 10 } }));
    if (drawn < 0.8) return void (await this.#stage.begin("Sweep", {}));
    if (drawn < 0.9) return this.#grow(service);
    return this.#stop();
  }

  async #push(service: Service): Promise<void> {
    const behaviour = this.#random.next() < 0.7 ? "healthy" : this.#random.next() < 0.5 ? "unhealthy" : "crashing";
    const version = `${100 + this.#happened}-${behaviour}`;
    this.#pushed.push({ service, version });
    return this.#stage.push(service, version);
  }

  /** A person asks for a version that was deployed before: its image is there already. */
  async #deployAgain(): Promise<void> {
    const chosen = this.#one(this.#pushed) ?? { service: this.#one(services) ?? "web", version: "1" };
    await this.#stage.begin("Deploy", chosen);
  }

  /** S3 promises to tell of an upload at least once. */
  async #deliverAgain(): Promise<void> {
    const events = this.#stage.executions("deploy").filter(({ input }) => input.includes("Object Created"));
    // Most often of one that was stopped: then the event is taken up again, and may have become old.
    const stopped = events.filter(({ status }) => status === "ABORTED");
    const chosen = this.#one(stopped.length > 0 ? stopped : events);
    if (chosen) await this.#stage.begin("Deploy", JSON.parse(chosen.input));
  }

  /** More visitors: live wants one instance more, as its own scaling policy would. */
  async #grow(service: Service): Promise<void> {
    const { live } = await this.#stage.cloud.complete(this.#stage.ledger.head(service));
    const fleets = this.#stage.cloud.kernel.store.collection<GroupDocument>("autoscaling.groups");
    const fleet = live && fleets.get(fleetName(stageName, live.generation));
    if (!fleet || fleet.desired >= fleet.maxSize) return;
    await this.#stage.cloud.call("autoscaling", "SetDesiredCapacity", {
      AutoScalingGroupName: fleet.name,
      DesiredCapacity: fleet.desired + 1,
    });
  }

  /** A person stops an execution in the console, often in the middle of a call. */
  async #stop(): Promise<void> {
    const { cloud } = this.#stage;
    if (this.#random.next() < 0.7) await cloud.until(() => cloud.faults.slowed.size > 0, slowCallLimitMs);
    const [slowed] = cloud.faults.slowed;
    if (slowed && this.#stage.execution(slowed)?.status === "RUNNING") return this.#stage.stop(slowed);
    const running = this.#one(this.#stage.executions("").filter(({ status }) => status === "RUNNING"));
    if (running) await this.#stage.stop(running.arn);
  }

  #one<T>(among: readonly T[]): T | undefined {
    return among[Math.floor(this.#random.next() * among.length)];
  }
}
