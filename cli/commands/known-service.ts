import type { Stage } from "../aws/stage.ts";
import { CommandFailure, nothingDone } from "../failure.ts";

/** @throws {CommandFailure} when the stage has no such service, naming those that it has. */
export async function requireService(stage: Pick<Stage, "ledger" | "name">, service: string): Promise<void> {
  const services = await stage.ledger.services();
  if (!services.includes(service)) throw unknownService(service, stage.name, services);
}

export function unknownService(service: string, stage: string, services: readonly string[]): CommandFailure {
  return new CommandFailure({
    name: "UnknownServiceError",
    what: `Stage ${stage} has no service "${service}".`,
    left: nothingDone,
    fix: services.length > 0 ? `Name one of: ${services.join(", ")}.` : "Apply a spec: kiln service apply kiln.yaml.",
  });
}
