import type { Random } from "../../local/core/random.ts";
import type { Deed } from "./deeds.ts";
import type { Service } from "./simulated-stage.ts";

/** One of two experiments of a service is pushed, started by hand, promoted or stopped. */
export function drawExperimentDeed(random: Random, service: Service): Deed {
  const name = random.next() < 0.5 ? "blue" : "red";
  const drawn = random.next();
  const build = String(drawn);
  if (drawn < 0.42) return { do: "push-experiment", service, name, build };
  if (drawn < 0.5) return { do: "push-experiment", service, name: `${name}-unhealthy`, build };
  if (drawn < 0.65) return { do: "begin", machine: "Deploy", input: { service, experiment: { name } } };
  if (drawn < 0.82) return { do: "begin", machine: "Deploy", input: { service, promote: name } };
  return { do: "end-experiment", service, name };
}
