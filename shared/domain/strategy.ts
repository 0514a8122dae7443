import type { ServiceSpec } from "./service-spec.ts";

type Strategy = ServiceSpec["deploy"];

/** What a canary's one step is, and a linear deploy's pace, when the spec names none. Unit: percent. */
const defaultCanary = [10];
const defaultStepPercent = 20;

/** The shares of the requests that a new release gets, one step after another; the last one is 100. Unit: percent. */
export function trafficSteps({ strategy, steps, stepPercent = defaultStepPercent }: Strategy): number[] {
  switch (strategy) {
    case "all-at-once":
      return [100];
    case "canary":
      return [...(steps ?? defaultCanary), 100];
    case "linear": {
      const count = Math.ceil(100 / stepPercent);
      return Array.from({ length: count }, (_, index) => Math.min(100, (index + 1) * stepPercent));
    }
  }
}

/**
 * How long a step is watched before the next one, or before the deploy settles. Unit: seconds.
 * @param step Index into `trafficSteps`.
 */
export function stepSeconds(spec: Pick<ServiceSpec, "deploy" | "observeSeconds">, step: number): number {
  return step < trafficSteps(spec.deploy).length - 1 ? spec.deploy.intervalSeconds : spec.observeSeconds;
}
