import type { Command } from "commander";
import type { ServiceSpec } from "../../shared/domain/service-spec.ts";
import type { Stage } from "../aws/stage.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import type { CheckVerdict, Finding } from "../doctor/finding.ts";
import { CommandFailure, nothingDone, wrongUsage } from "../failure.ts";
import type { Output, Result } from "../output.ts";
import { readSpecFile } from "../spec-file.ts";
import { type Paint, paintFor, type Tone } from "../terminal/colour.ts";
import { requireService } from "./known-service.ts";

/** `kiln doctor`: whether everything is there that a service needs, and how to mend what is not. */
export function addDoctor(program: Command, surroundings: Surroundings): void {
  const command = program
    .command("doctor")
    .description("check that everything is there that a stage and a service need, and say how to mend what is not")
    .argument("[service]", "left out: only what every service of the stage needs")
    .option("--file <kiln.yaml>", "check what this spec would need, before it is applied");
  examples(command, "kiln doctor", "kiln doctor web", "kiln --aws --stage prod doctor --file kiln.yaml");
  runs<{ file?: string }>(command, surroundings, nothingDone, async (context, [service], { file }) => {
    if (service !== undefined && file !== undefined) {
      throw wrongUsage("A service and a file were named.", "Name one of them.");
    }
    const spec = file === undefined ? undefined : await readSpecFile(file);
    const stage = await context.stage();
    if (service !== undefined) await requireService(stage, service);
    return doctor(stage, spec ?? service, context.output);
  });
}

/** A service by its name, a spec that is not in force yet, or only the stage. */
type Subject = string | ServiceSpec | undefined;

/** @throws {CommandFailure} Exit code 1 when anything fails; warnings are none. */
async function doctor(stage: Stage, subject: Subject, output: Output): Promise<Result> {
  const checks = await examine(stage, subject, (finding) => {
    for (const line of findingLines(finding, paintFor(output.screen))) output.data(line);
  });
  const service = (typeof subject === "object" ? subject.service : subject) ?? null;
  const facts = { stage: stage.name, service, checks };
  const failed = checks.filter(({ verdict }) => verdict === "fail");
  if (failed.length === 0) return { json: facts };
  throw new CommandFailure({
    name: "NotReady",
    what: `${failed.length} of ${checks.length} checks failed: ${failed.map(({ subject }) => subject).join(", ")}.`,
    left: "Nothing was changed.",
    fix: "Mend what they name, then run kiln doctor again.",
    facts,
  });
}

async function examine(stage: Stage, subject: Subject, made: (finding: Finding) => void): Promise<Finding[]> {
  // Only this command needs so many of AWS's clients.
  const [{ findings }, { stackChecks }, { callerChecks }, { serviceChecks, specCheck }] = await Promise.all([
    import("../doctor/finding.ts"),
    import("../doctor/stack-checks.ts"),
    import("../doctor/caller-checks.ts"),
    import("../doctor/service-checks.ts"),
  ]);
  const checks = [...stackChecks(stage), ...callerChecks(stage)];
  let spec = typeof subject === "object" ? subject : undefined;
  if (typeof subject === "string") {
    checks.push(
      specCheck(stage, subject, (found) => {
        spec = found;
      }),
    );
  }
  const found = await findings(checks, made);
  return spec === undefined ? found : [...found, ...(await findings(serviceChecks(stage, spec), made))];
}

const tones: Record<CheckVerdict, Tone> = { ok: "good", warn: "warning", fail: "bad", "not checked": "quiet" };

/** A line for what was found, and one below it for how to mend it. */
export function findingLines({ subject, verdict, says, fix }: Finding, paint: Paint): string[] {
  const line = `${paint(tones[verdict], verdict.padEnd(11))}  ${subject.padEnd(15)}  ${says}`;
  return fix === null ? [line] : [line, `${"".padEnd(30)}${fix}`];
}
