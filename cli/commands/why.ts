import type { Command } from "commander";
import { experimentOf } from "../../shared/domain/names.ts";
import type { Stage } from "../aws/stage.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import { type Explanation, explain } from "../explain/explain.ts";
import { readPresent } from "../explain/present.ts";
import { wayBackText } from "../explain/way-back.ts";
import { nothingDone } from "../failure.ts";
import type { Result } from "../output.ts";
import { table } from "../table.ts";
import { requireSubject } from "./known-experiment.ts";

/** `kiln why`: why things are as they are, and what comes next. */
export function addWhy(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("why")
    .description("explain the present: what serves and on which evidence, what a rollback would do, what differs")
    .argument("<service>")
    .option("--experiment <name>", "explain an experiment of the service instead");
  examples(command, "kiln why web", "kiln why web --json", "kiln why web --experiment blue");
  runs<{ experiment?: string }>(command, surroundings, nothingDone, async (context, [service = ""], { experiment }) =>
    why(await context.stage(), service, experiment),
  );
}

/** @throws {CommandFailure} when the stage has no such service or experiment. */
export async function why(stage: Stage, service: string, experiment?: string): Promise<Result> {
  const explanation = explain(await readPresent(stage, await requireSubject(stage, service, experiment)));
  return { json: { ...explanation }, text: whyText(explanation) };
}

/** The explanation in paragraphs, each with its heading at the left. */
export function whyText(explanation: Explanation): string {
  const { service, byItself, differences } = explanation;
  return table([
    [service],
    ...paragraph("serves", servingLines(explanation)),
    ...paragraph("rollback", [rollbackLine(explanation)]),
    ...(experimentOf(service) ? [] : paragraph("way back", [wayBackLine(explanation)])),
    ...paragraph("under way", underWayLines(explanation)),
    ...paragraph("deploys", [explanation.hold ? `held up: ${explanation.hold.why}` : "may start now"]),
    ...paragraph("by itself", byItself.length > 0 ? byItself : ["nothing changes by itself"]),
    ...paragraph("differs", differences.length > 0 ? differences : ["nothing: rule, fleets and ledger agree"]),
  ]).join("\n");
}

function paragraph(heading: string, lines: readonly string[]): string[][] {
  return lines.map((line, index) => [index === 0 ? `  ${heading}` : "", line]);
}

function servingLines({ serving }: Explanation): string[] {
  if (!serving) return ["no release that Kiln knows"];
  const { generation, version, since, healthy, instances, wanted, evidence } = serving;
  const first = `${generation} (${version})${since ? ` since ${since}` : ""}: ${healthy} healthy of ${instances}/${wanted}`;
  const because = evidence.map(({ at, event, says }) => `${at}  ${event}${says ? `: ${says}` : ""}`);
  return [first, ...because];
}

function rollbackLine({ rollback: { path, generation, version, why: because } }: Explanation): string {
  return path === "none" ? because : `to ${generation}${version === null ? "" : ` (${version})`}, ${path}: ${because}`;
}

function wayBackLine({ wayBack }: Explanation): string {
  return wayBack ? wayBackText(wayBack) : "not proved yet: kiln sweep";
}

function underWayLines({ underWay }: Explanation): string[] {
  if (!underWay) return ["nothing"];
  const { generation, execution, status, fence, waitsFor, latest } = underWay;
  const without = waitsFor === null ? "without the lease" : `waiting for the lease that ${waitsFor} holds`;
  const lease = fence === null ? without : `with the lease (fence ${fence})`;
  const first = `${generation ?? "no release yet"}: ${execution}, ${status}, ${lease}`;
  return latest ? [first, `${latest.at}  ${latest.event}${latest.says ? `: ${latest.says}` : ""}`] : [first];
}
