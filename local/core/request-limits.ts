import { AwsError } from "./aws-error.ts";
import type { Clock } from "./clock.ts";

/** How many requests a bucket lets through at once, and how many each second from then on. */
export interface BucketSize {
  capacity: number;
  refillPerSecond: number;
}

/** What one request takes. */
export interface Draw {
  /** Name of the size in `RequestLimits.buckets`. */
  bucket: string;
  /** Buckets of one size are kept apart by this: an operation, or a resource. Left out, all share one. */
  of?: string;
  /** Left out: one. */
  tokens?: number;
}

/** The limits of one service's requests, for each account and Region. */
export interface RequestLimits {
  /** How the service says that a limit was reached. */
  refusal: readonly [code: string, status: number, message: string];
  /** Where the figures are published. */
  source: string;
  buckets: Readonly<Record<string, BucketSize>>;
  draws(operation: string, input: Readonly<Record<string, unknown>>): readonly Draw[];
}

/** Other sizes than AWS's by `<service>:<bucket>`, such as `ec2:mutating`; or no limits at all. */
export type LimitOverrides = Readonly<Record<string, BucketSize>> | "none";

interface Bucket {
  tokens: number;
  atMs: number;
}

/**
 * Throttles requests by token buckets. They are full at every start of the cloud: nothing of them is kept.
 * Source of the algorithm: EC2 developer guide, "Request throttling for the Amazon EC2 API".
 */
export class Throttle {
  readonly #clock: Clock;
  readonly #overrides: LimitOverrides;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock, overrides: LimitOverrides) {
    this.#clock = clock;
    this.#overrides = overrides;
  }

  /**
   * Takes what a request needs of every bucket it draws from, or nothing.
   * @throws {AwsError} The service's word for a limit that was reached.
   */
  take(serviceId: string, limits: RequestLimits, operation: string, input: unknown): void {
    if (this.#overrides === "none") return;
    const given = typeof input === "object" && input !== null ? (input as Readonly<Record<string, unknown>>) : {};
    const wanted = limits.draws(operation, given).flatMap(({ bucket: name, of = "", tokens = 1 }) => {
      const size = this.#sizeOf(`${serviceId}:${name}`, limits.buckets[name]);
      return size ? [{ bucket: this.#filled(`${serviceId}:${name}:${of}`, size), tokens }] : [];
    });
    if (wanted.some(({ bucket, tokens }) => bucket.tokens < tokens)) {
      const [code, status, message] = limits.refusal;
      throw new AwsError(code, message, status);
    }
    for (const { bucket, tokens } of wanted) bucket.tokens -= tokens;
  }

  #sizeOf(name: string, published: BucketSize | undefined): BucketSize | undefined {
    return this.#overrides === "none" ? undefined : (this.#overrides[name] ?? published);
  }

  #filled(key: string, { capacity, refillPerSecond }: BucketSize): Bucket {
    const now = this.#clock.now();
    const before = this.#buckets.get(key) ?? { tokens: capacity, atMs: now };
    const refilled = before.tokens + ((now - before.atMs) / 1000) * refillPerSecond;
    const bucket = { tokens: Math.min(capacity, refilled), atMs: now };
    this.#buckets.set(key, bucket);
    return bucket;
  }
}

/** A bucket for a quota that is published as so many requests a second. */
export function perSecond(requests: number): BucketSize {
  return { capacity: requests, refillPerSecond: requests };
}

/** Limits of operations that each have a bucket of their own; the others have none. */
export function ownBuckets(limits: Omit<RequestLimits, "draws">): RequestLimits {
  return { ...limits, draws: (operation) => (operation in limits.buckets ? [{ bucket: operation }] : []) };
}
