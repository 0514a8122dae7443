/**
 * Unit: seconds until RunInstances answers, from pending to running, and from running to the user data
 * (brevdev/ec2-coldboot-research, 2026: 4.8, 17.8 and 3.2).
 */
const startingSeconds = 5;
const runningSeconds = 18;
const bootSeconds = 3;

/**
 * When a new fleet is first looked at: by then instances usually run, have booted, and answered as many health checks as
 * the load balancer wants. Earlier looks only cost invocations and state transitions.
 * @returns Unit: seconds.
 */
export function firstLookSeconds(check: { healthyThreshold: number; intervalSeconds: number }): number {
  return startingSeconds + runningSeconds + bootSeconds + check.healthyThreshold * check.intervalSeconds;
}

/** Unit: seconds between two looks at a fleet that serves: as long as its window lasts, and no longer than this. */
const observeEverySeconds = 30;

/** How long to wait before a fleet that serves is looked at next. Unit: seconds. */
export function nextObservationSeconds(leftMs: number): number {
  return Math.min(observeEverySeconds, Math.max(0, Math.ceil(leftMs / 1000)));
}

/** Unit: seconds. The longest time between two looks at what goes. */
const lookForGoneEverySeconds = 60;

/**
 * The least time between two looks at what has been going for so long: it may be protected, or drain for an hour, so it is
 * looked at ever more rarely. Unit: seconds.
 */
export function rarerLookSeconds(goingForMs: number): number {
  return Math.min(lookForGoneEverySeconds, Math.floor(goingForMs / 20_000));
}
