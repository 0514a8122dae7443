import { awsDelays, type Delays } from "./delays.ts";
import type { LimitOverrides } from "./request-limits.ts";
import type { StoredDocument } from "./store.ts";

/** How one embedded cloud is set up. */
export interface Settings {
  accountId: string;
  region: string;
  /** Where everything it knows is kept; undefined keeps it in memory only (tests, simulation). */
  stateDirectory: string | undefined;
  /** What a cloud in memory begins with: simulations start many runs from one prepared cloud. Empty when left out. */
  documents?: readonly StoredDocument[];
  /** Scratch space for processes' files when there is no state directory. */
  scratchDirectory: string;
  seed: number;
  /** How long things take on AWS; see delays.ts. */
  delays: Delays;
  /**
   * The account's quota of PutSnapshotBlock and of GetSnapshotBlock requests a second, which AWS raises on request; 1,000
   * when left out. That of one snapshot is 1,000, always.
   */
  blockRequestsPerSecond?: number;
  /** How EventBridge's deliveries are disturbed, to try what a consumer does; undefined: not at all. */
  eventDisturbance?: EventDisturbance;
  /** Changes to how many requests an account may make; none leaves AWS's own limits. */
  requestLimits: LimitOverrides;
  /** Where clients reach this cloud, for example `http://127.0.0.1:4566`. Known once the server listens. */
  endpoint: string;
  /** Receives one line for a person who watches the cloud. */
  log: (line: string) => void;
}

/** EventBridge promises at least one delivery and no order; this makes use of it. */
export interface EventDisturbance {
  /** The share of deliveries that come twice, 0–1. */
  duplicates: number;
  /** Every delivery comes up to so much later, so that events overtake each other. Unit: modelled seconds. */
  delaySeconds: number;
}

/** Settings for a cloud in memory, with AWS's own delays; override what a test needs. */
export function settingsWith(overrides: Partial<Settings> = {}): Settings {
  return {
    accountId: "123456789012",
    region: "us-east-1",
    stateDirectory: undefined,
    scratchDirectory: "",
    seed: 1,
    delays: awsDelays,
    requestLimits: {},
    endpoint: "",
    log: () => {},
    ...overrides,
  };
}
