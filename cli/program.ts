import { Command, CommanderError } from "commander";
import type { Surroundings } from "./command.ts";
import { addAbort } from "./commands/abort.ts";
import { addApprove, addReject } from "./commands/approval.ts";
import { addBaseApply } from "./commands/base-apply.ts";
import { addBaseList } from "./commands/base-list.ts";
import { addBasePin } from "./commands/base-pin.ts";
import { addBaseRefresh } from "./commands/base-refresh.ts";
import { addBaseShow } from "./commands/base-show.ts";
import { addCompletion } from "./commands/completion.ts";
import { addDeploy } from "./commands/deploy.ts";
import { addDiff } from "./commands/diff.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addDrill } from "./commands/drill.ts";
import { addEnv } from "./commands/env.ts";
import { addExperimentExtend } from "./commands/experiment-extend.ts";
import { addExperimentList } from "./commands/experiment-list.ts";
import { addExperimentPromote } from "./commands/experiment-promote.ts";
import { addExperimentStart } from "./commands/experiment-start.ts";
import { addExperimentStop } from "./commands/experiment-stop.ts";
import { addFreeze, addThaw } from "./commands/freeze.ts";
import { addInit } from "./commands/init.ts";
import { addInstallPolicy } from "./commands/install-policy.ts";
import { addLogs } from "./commands/logs.ts";
import { addPause, addResume } from "./commands/pause.ts";
import { addPush } from "./commands/push.ts";
import { addReleases } from "./commands/releases.ts";
import { addRevoke } from "./commands/revoke.ts";
import { addRollback } from "./commands/rollback.ts";
import { addServiceApply } from "./commands/service-apply.ts";
import { addStatus } from "./commands/status.ts";
import { addSweep } from "./commands/sweep.ts";
import { addUninstall } from "./commands/uninstall.ts";
import { addUp } from "./commands/up.ts";
import { addWhy } from "./commands/why.ts";
import { wrongUsage } from "./failure.ts";
import { outputTo } from "./output.ts";

/** Runs the kiln command with these arguments. Never throws: every ending is an exit code. */
export async function runProgram(args: readonly string[], surroundings: Surroundings): Promise<void> {
  try {
    await kilnProgram(surroundings).parseAsync([...args], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Asking for help is no failure.
    if (error.exitCode === 0) return;
    // Commander's word for a command line that stops before naming a command.
    const what = error.code === "commander.help" ? "no command was named." : error.message.replace(/^error: /, "");
    const failure = wrongUsage(
      `${what.charAt(0).toUpperCase()}${what.slice(1)}`,
      "See kiln --help, or kiln <command> --help.",
    );
    outputTo(surroundings, args.includes("--json")).failure(failure);
    surroundings.setExitCode(failure.exitCode);
  }
}

/** The whole command with all its parts, not yet run. */
export function kilnProgram(surroundings: Surroundings): Command {
  const program = new Command("kiln")
    .description(
      "Replaces servers instead of changing them: push an artifact, and it is live on brand-new EC2 servers.",
    )
    .option("--stage <name>", "which deployment of Kiln", "dev")
    .option("--json", "one JSON object on the last line of stdout; progress goes to stderr")
    .option("--aws", "use AWS with its default credentials instead of the embedded cloud")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void surroundings.stdout.write(text),
      // A usage error is told in Kiln's own form.
      writeErr: () => {},
    })
    .exitOverride();
  addUp(program, surroundings);
  addInit(program, surroundings);
  addPush(program, surroundings);
  addStatus(program, surroundings);
  addWhy(program, surroundings);
  addLogs(program, surroundings);
  addReleases(program, surroundings);
  addDiff(program, surroundings);
  addRollback(program, surroundings);
  addDrill(program, surroundings);
  addRevoke(program, surroundings);
  addDeploy(program, surroundings);
  addApprove(program, surroundings);
  addReject(program, surroundings);
  addPause(program, surroundings);
  addResume(program, surroundings);
  addAbort(program, surroundings);
  addFreeze(program, surroundings);
  addThaw(program, surroundings);
  addServiceApply(program.command("service").description("the services of a stage"), surroundings);
  const base = program.command("base").description("the base images of a stage");
  addBaseList(base, surroundings);
  addBaseShow(base, surroundings);
  addBaseRefresh(base, surroundings);
  addBasePin(base, surroundings);
  addBaseApply(base, surroundings);
  const experiment = program.command("experiment").description("try something beside production, for a time");
  addExperimentList(experiment, surroundings);
  addExperimentStart(experiment, surroundings);
  addExperimentExtend(experiment, surroundings);
  addExperimentStop(experiment, surroundings);
  addExperimentPromote(experiment, surroundings);
  addSweep(program, surroundings);
  addDoctor(program, surroundings);
  addInstallPolicy(program, surroundings);
  addUninstall(program, surroundings);
  addEnv(program, surroundings);
  addCompletion(program, surroundings);
  return program;
}
