import type { AwsEvent } from "../../local/core/kernel.ts";
import type { Deed } from "./deeds.ts";
import type { HandlerCall } from "./faults.ts";
import type { SimulatedCloud } from "./simulated-cloud.ts";

/** Calls that only read are told of when they went wrong. */
const reads = /^(Get|Describe|List|Head)/;

/** Lines kept; what went wrong stands near the beginning of a minimal plan. */
const linesMax = 400;

/** What happened in a mix, for people: virtual time since it began, who, what, and what came of it. */
export class Timeline {
  readonly lines: string[] = [];
  #now: () => number = () => 0;
  #beganMs = 0;

  /** Listens from now on. */
  begin({ clock, kernel, faults }: SimulatedCloud): void {
    this.#now = () => clock.now();
    this.#beganMs = clock.now();
    faults.heard = (call, came) => this.#called(call, came);
    kernel.on("aws.event", (event) => this.#event(event));
  }

  /** People or the world do something. */
  did({ do: what, ...how }: Deed): void {
    this.#add("world", `${what} ${JSON.stringify(how)}`);
  }

  /** A promise is seen to be broken. */
  broken(problem: string): void {
    this.#add("PROMISE", problem);
  }

  #called({ place, operation }: HandlerCall, came: string): void {
    if (came === "ok" && reads.test(operation)) return;
    const [machine, number, handler, ...call] = place.split(" ");
    this.#add(`${machine} ${number} ${handler}`, `${call.join(" ")}${came === "ok" ? "" : ` → ${came}`}`);
  }

  #event({ source, detail }: AwsEvent): void {
    if (source === "aws.states") this.#add("Step Functions", `${detail["name"]} ${detail["status"]}`);
    if (source === "aws.ec2" && detail["instance-id"]) {
      this.#add("EC2", `${detail["instance-id"]} ${detail["state"]}`);
    }
  }

  #add(who: string, what: string): void {
    if (this.lines.length >= linesMax) return;
    const time = ((this.#now() - this.#beganMs) / 1000).toFixed(2).padStart(9);
    this.lines.push(`${time} s  ${who.padEnd(20)}  ${what}`);
  }
}
