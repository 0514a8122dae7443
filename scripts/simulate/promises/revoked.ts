import { answerName, answerToRevocation } from "../../../shared/domain/revocation-answer.ts";
import type { SimulatedStage } from "../simulated-stage.ts";

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
