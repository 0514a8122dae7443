import type { Collection } from "../core/store.ts";
import { canonicalJson } from "../ebs/canonical-json.ts";
import { invalidParameter, tokenMismatch } from "./errors.ts";
import type { Ec2World } from "./world.ts";

interface TokenRecord {
  request: string;
  resultId: string;
  atMs: number;
}

/** Tokens are remembered at least 24 hours. Source: EC2 developer guide, "Ensuring idempotency". */
const rememberedMs = 24 * 3_600_000;

/** Client tokens of one kind of request: the same token and parameters find what the first request made. */
export class ClientTokens {
  readonly #world: Ec2World;
  readonly #operation: string;
  readonly #maxLength: number;
  readonly #records: Collection<TokenRecord>;

  /** @param maxLength 64 for RunInstances, 128 for launch templates. Source: their API references. */
  constructor(world: Ec2World, operation: string, maxLength: number) {
    this.#world = world;
    this.#operation = operation;
    this.#maxLength = maxLength;
    this.#records = world.kernel.store.collection("ec2.tokens");
  }

  /**
   * What an earlier request with this token made, or undefined when it is new.
   * @throws {AwsError} IdempotentParameterMismatch when that request differed.
   */
  find(token: string | undefined, request: object): string | undefined {
    if (token === undefined) return undefined;
    if (token.length > this.#maxLength) throw invalidParameter(`Client token must be at most ${this.#maxLength} long`);
    const known = this.#records.get(this.#key(token));
    if (!known || this.#world.now() - known.atMs > rememberedMs) return undefined;
    if (known.request !== canonicalJson(request)) throw tokenMismatch();
    return known.resultId;
  }

  remember(token: string | undefined, request: object, resultId: string): void {
    if (token === undefined) return;
    this.#records.put(this.#key(token), { request: canonicalJson(request), resultId, atMs: this.#world.now() });
  }

  #key(token: string): string {
    return `${this.#operation}/${token}`;
  }
}
