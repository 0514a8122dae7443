import type { ProbeOutcome } from "../../local/load-balancing/traffic.ts";

/**
 * What the program of a release does, told by its version, such as `3-unhealthy`: `healthy` answers 200, `unhealthy`
 * answers 500, `crashing` never listens, `fading` answers 200 at first and 500 later. The checks find nothing wrong with
 * `erring`, which fails one request of the public in twenty, nor with `slow`, which takes a second for one in five.
 */
export type Behaviour = (typeof behaviours)[number];

const behaviours = ["healthy", "unhealthy", "crashing", "fading", "erring", "slow"] as const;

/** Unit: milliseconds from boot. Long enough to pass validation, short enough to be seen while observing. */
const fadesAfterMs = 20_000;

/** Unit: milliseconds from boot until a program listens. */
const startsAfterMs = 2_000;

export function behaviourOf(version: string): Behaviour {
  const told = version.split("-").at(-1);
  return behaviours.find((one) => one === told) ?? "healthy";
}

/** One program on one machine. */
export interface Program {
  service: string;
  version: string;
  bootedMs: number;
}

/** What a program answers to any request. */
export function answerOf(program: Program | undefined, nowMs: number): ProbeOutcome {
  if (!program || nowMs - program.bootedMs < startsAfterMs) return { kind: "failed" };
  switch (behaviourOf(program.version)) {
    case "healthy":
    case "erring":
    case "slow":
      return { kind: "answered", status: 200 };
    case "unhealthy":
      return { kind: "answered", status: 500 };
    case "crashing":
      return { kind: "failed" };
    case "fading":
      return { kind: "answered", status: nowMs - program.bootedMs < fadesAfterMs ? 200 : 500 };
  }
}

/**
 * What a program answers to a request of the public; undefined when it does not.
 * @param draw From 0 to 1, of what is left to chance.
 */
export function requestOf(
  program: Program | undefined,
  nowMs: number,
  draw: number,
): { status: number; seconds: number } | undefined {
  const answer = answerOf(program, nowMs);
  if (!program || answer.kind !== "answered") return undefined;
  const behaviour = behaviourOf(program.version);
  if (behaviour === "erring" && draw < 0.05) return { status: 500, seconds: 0.02 };
  return { status: answer.status, seconds: behaviour === "slow" && draw < 0.2 ? 1 : 0.02 };
}
