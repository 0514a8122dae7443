import type { ProbeOutcome } from "../../local/load-balancing/traffic.ts";

/**
 * What the program of a release does, told by its version, such as `3-unhealthy`: `healthy` answers 200, `unhealthy`
 * answers 500, `crashing` never listens, `fading` answers 200 at first and 500 later.
 */
export type Behaviour = "healthy" | "unhealthy" | "crashing" | "fading";

/** Unit: milliseconds from boot. Long enough to pass validation, short enough to be seen while observing. */
const fadesAfterMs = 20_000;

/** Unit: milliseconds from boot until a program listens. */
const startsAfterMs = 2_000;

export function behaviourOf(version: string): Behaviour {
  const told = version.split("-").at(-1) ?? "";
  return told === "unhealthy" || told === "crashing" || told === "fading" ? told : "healthy";
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
      return { kind: "answered", status: 200 };
    case "unhealthy":
      return { kind: "answered", status: 500 };
    case "crashing":
      return { kind: "failed" };
    case "fading":
      return { kind: "answered", status: nowMs - program.bootedMs < fadesAfterMs ? 200 : 500 };
  }
}
