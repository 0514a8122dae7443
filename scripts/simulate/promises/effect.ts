/** One call of a handler that AWS answered, or is about to answer, with everything that says who makes it. */
export interface Effect {
  handler: string;
  /** ARN of the execution that it works for. */
  execution: string;
  /** Kiln's service; undefined before a request was understood. */
  service: string | undefined;
  /** Of cutover: which way it moves traffic. */
  direction: string | undefined;
  /** The name AWS's service signs as. */
  api: string;
  operation: string;
  input: Readonly<Record<string, unknown>>;
  /** The document that is written, when it is one of the ledger. */
  document: unknown;
}

/** Watches what handlers do, and says what they should not have done. */
export interface EffectWatch {
  readonly problems: string[];
  /** AWS has not seen the call yet. */
  before?(effect: Effect): void;
  /** It took effect. */
  after?(effect: Effect): void;
}

/** Of an invocation's event, what effects are told apart by. */
export function actorOf(event: unknown): Pick<Effect, "execution" | "service" | "direction"> {
  const { execution, release, request, direction } = (event ?? {}) as {
    execution?: string;
    release?: { service?: string } | null;
    request?: { service?: string } | null;
    direction?: string;
  };
  return { execution: execution ?? "", service: release?.service ?? request?.service, direction };
}

/** `web` and `lease` of `services/web/lease.json`; undefined for other keys. */
export function ledgerPlace(key: unknown): { service: string; what: "head" | "lease" } | undefined {
  const found = typeof key === "string" ? /^services\/([^/]+)\/(head|lease)\.json$/.exec(key) : null;
  return found ? { service: found[1] ?? "", what: found[2] as "head" | "lease" } : undefined;
}
