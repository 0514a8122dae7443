import { spawn } from "node:child_process";
import { scriptEnvironment } from "./boot-scripts.ts";
import type { InitAnswer } from "./init-config.ts";
import { type MachineContext, placedCommand } from "./machine-context.ts";
import { killGroup } from "./process-groups.ts";

/** A script's captured output is cut here: Run Command keeps less, and both streams fit init's answer. Unit: characters. */
const maxCaptured = 65_536;

/** Exit code of a script that the agent ended. Source: amazon-ssm-agent, CommandStoppedPreemptivelyExitCode. */
const stoppedExitCode = 137;

/** What ends a script that still runs. */
interface ScriptEnd {
  limitSeconds: number | undefined;
  /** Aborted when whoever asked is gone. */
  gone: AbortSignal;
}

/** Runs a script as the agent on an instance does: with sh, its output captured; ended early, all its processes end. */
export function runScript(machine: MachineContext, script: string, end: ScriptEnd): Promise<InitAnswer> {
  const { root, seenRoot, groups } = machine;
  const [file = "", ...args] = placedCommand(machine, "/", [`${seenRoot}/usr/bin/sh`, "-c", script]);
  const child = spawn(file, args, {
    cwd: root,
    env: scriptEnvironment(machine),
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { pid } = child;
  if (pid !== undefined) groups.add(pid);
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] = (output[name] + text).slice(0, maxCaptured);
    });
  }
  const ending = endEarly(end, () => {
    if (pid !== undefined) killGroup(pid);
  });
  return new Promise((resolve) => {
    child.once("error", (error) => resolve({ exitCode: 127, ...output, stderr: error.message }));
    child.once("close", (code) => {
      ending.stop();
      if (pid !== undefined) groups.forget(pid);
      resolve({ exitCode: code ?? stoppedExitCode, ...output, ...(ending.isOverdue() ? { timedOut: true } : {}) });
    });
  });
}

function endEarly({ limitSeconds, gone }: ScriptEnd, kill: () => void) {
  let overdue = false;
  const expire = () => {
    overdue = true;
    kill();
  };
  const limit = limitSeconds === undefined ? undefined : setTimeout(expire, limitSeconds * 1000);
  gone.addEventListener("abort", kill);
  return {
    isOverdue: () => overdue,
    stop: () => {
      clearTimeout(limit);
      gone.removeEventListener("abort", kill);
    },
  };
}
