import type { Head } from "../../../shared/domain/head.ts";
import { answerName, answerToRevocation } from "../../../shared/domain/revocation-answer.ts";
import type { SimulatedStage } from "../simulated-stage.ts";
import { type Effect, type EffectWatch, ledgerPlace } from "./effect.ts";

/** Unit: milliseconds. A handler that has read what is revoked ends within this: no call of one that changes something takes longer. */
const lastCallMs = 30_000;

/** S9: traffic is moved to no release that was revoked. */
export class RevokedWatch implements EffectWatch {
  readonly problems: string[] = [];
  readonly #revokedMs: Map<string, number>;
  readonly #sharesOf: (service: string) => ReadonlyMap<string, number>;
  readonly #startOf: (execution: string) => number;
  readonly #now: () => number;
  #shares: ReadonlyMap<string, number> = new Map();

  /**
   * @param revokedMs Releases that are revoked, each since when; whoever revokes by hand adds to it.
   * @param startOf When an execution began.
   */
  constructor(
    revokedMs: Map<string, number>,
    sharesOf: (service: string) => ReadonlyMap<string, number>,
    startOf: (execution: string) => number,
    now: () => number,
  ) {
    this.#revokedMs = revokedMs;
    this.#sharesOf = sharesOf;
    this.#startOf = startOf;
    this.#now = now;
  }

  before({ service, operation }: Effect): void {
    if (this.#revokedMs.size > 0 && movesTraffic(operation)) this.#shares = this.#sharesOf(service ?? "");
  }

  after({ service, operation, direction, handler, execution, input, document }: Effect): void {
    const isHead = operation === "PutObject" && ledgerPlace(input["Key"])?.what === "head";
    if (isHead) noteRevoked(document as Head, this.#revokedMs, this.#now());
    if (this.#revokedMs.size === 0 || !movesTraffic(operation)) return;
    // What was live gets its traffic back from a release that fails, revoked or not: somebody has to answer.
    if (direction !== "forward" && direction !== "back" && direction !== "lend") return;
    // A rollback is somebody's way out: what is revoked after it was chosen is answered when it is live.
    const decidedMs = direction === "forward" ? this.#now() : this.#startOf(execution);
    const shares = this.#sharesOf(service ?? "");
    for (const generation of shares.keys()) {
      const since = this.#revokedMs.get(generation);
      if (since === undefined || decidedMs - since < lastCallMs) continue;
      if (shareOf(shares, generation) <= shareOf(this.#shares, generation)) continue;
      this.problems.push(`S9 revoked: ${handler} moved traffic to ${generation}, which is revoked`);
    }
  }
}

/** Of all requests: weights say nothing alone, and a first step makes 90 of what was 1. */
function shareOf(weights: ReadonlyMap<string, number>, generation: string): number {
  const all = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  return all === 0 ? 0 : (weights.get(generation) ?? 0) / all;
}

function movesTraffic(operation: string): boolean {
  return operation === "ModifyRule" || operation === "CreateRule";
}

/** Writes down which releases of a head are revoked from now on. */
export function noteRevoked({ service, revoked = [] }: Head, revokedMs: Map<string, number>, nowMs: number): void {
  const named = new Set(revoked.map(({ generation }) => generation));
  for (const generation of [...revokedMs.keys()]) {
    if (generation.slice(0, generation.lastIndexOf("-")) === service && !named.has(generation))
      revokedMs.delete(generation);
  }
  for (const generation of named) {
    if (!revokedMs.has(generation)) revokedMs.set(generation, nowMs);
  }
}

/**
 * Once sweeps have come: nothing revoked serves as an experiment, and what is revoked and live was answered, unless there is
 * nothing to go back to.
 */
export async function revocationProblems(stage: SimulatedStage): Promise<string[]> {
  const { cloud, ledger } = stage;
  const all = await cloud.complete(ledger.revocations.read());
  if (all.length === 0) return [];
  const problems: string[] = [];
  const names = [...(await cloud.complete(ledger.services())), ...(await cloud.complete(ledger.experiments()))];
  const answered = new Set(stage.executions("").map(({ name }) => name));
  for (const name of names) {
    const head = await cloud.complete(ledger.head(name));
    const { live, experiment } = head;
    const isRevoked = head.revoked?.some(({ generation }) => generation === live?.generation);
    if (live && experiment && isRevoked) {
      problems.push(`S9 revoked: the experiment ${live.generation} runs what is revoked`);
    }
    const answer = answerToRevocation(head);
    if (!answer || answer.kind === "push" || answered.has(answerName(answer.revoked))) continue;
    problems.push(`S9 revoked: ${live?.generation} is revoked, and nobody has begun its ${answer.kind}`);
  }
  return problems;
}
