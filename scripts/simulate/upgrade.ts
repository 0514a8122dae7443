import type { SimulatedStage } from "./simulated-stage.ts";

/** Unit: milliseconds. A published version can be invoked once it is active; CloudFormation waits for that before machines name it. */
const activeMs = 2_000;

const machines = ["DeployMachine", "RollbackMachine", "RefreshMachine", "SweepMachine"] as const;

/**
 * Puts a new version of Kiln in force as CloudFormation does: every handler is published anew, and then each machine, one
 * after the other, names the new versions. The old ones stay, as the package has them retained.
 */
export async function upgrade({ cloud, outputs }: SimulatedStage): Promise<void> {
  const definitions = new Map<string, string>();
  for (const machine of machines) {
    const stateMachineArn = outputs[machine] ?? "";
    const { definition } = await cloud.call<{ definition: string }>("states", "DescribeStateMachine", {
      stateMachineArn,
    });
    definitions.set(stateMachineArn, definition);
  }
  const named = new Set(
    [...definitions.values()].flatMap((text) => text.match(/arn:aws:lambda:[^"]*:\d+(?=")/g) ?? []),
  );
  const successors = new Map<string, string>();
  for (const arn of named) {
    const [, FunctionName = "", version = "0"] = /^(.*):(\d+)$/.exec(arn) ?? [];
    const Description = `the upgrade after version ${version}`;
    type Published = { FunctionArn: string };
    successors.set(
      arn,
      (await cloud.call<Published>("lambda", "PublishVersion", { FunctionName, Description })).FunctionArn,
    );
  }
  await cloud.until(() => false, activeMs);
  for (const [stateMachineArn, before] of definitions) {
    const definition = before.replaceAll(/arn:aws:lambda:[^"]*:\d+(?=")/g, (arn) => successors.get(arn) ?? arn);
    await cloud.call("states", "UpdateStateMachine", { stateMachineArn, definition });
  }
}

/** Watches that an execution calls one version of Kiln from its first handler to its last. */
export class HandlerVersions {
  readonly problems: string[] = [];
  readonly #versions = new Map<string, string>();

  /** @param execution ARN; empty for what works for none. */
  called(execution: string, handler: string, version: string): void {
    if (execution === "") return;
    const began = this.#versions.get(execution) ?? version;
    this.#versions.set(execution, began);
    if (began === version) return;
    this.problems.push(`H1 upgrade: ${execution} began with version ${began}, and called ${version} of ${handler}`);
  }

  /** Versions that executions ran with. */
  get seen(): ReadonlySet<string> {
    return new Set(this.#versions.values());
  }
}
