import type { Command } from "commander";
import { parameterNames } from "../../shared/aws/parameters.ts";
import { resolveBase } from "../../shared/base-resolution.ts";
import type { Release } from "../../shared/domain/release.ts";
import type { ServiceSpec } from "../../shared/domain/service-spec.ts";
import type { Stage } from "../aws/stage.ts";
import { makeBaseReady } from "../base-ready.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import type { Output } from "../output.ts";
import { readSpecFile } from "../spec-file.ts";

/** What applying a spec has made true. */
export interface AppliedSpec {
  service: string;
  digest: string;
  /** The same spec was in force already. */
  unchanged: boolean;
  baseImageId: string;
}

/** `kiln service apply`: puts a service spec in force for the next deploy, and gets its base image ready. */
export function addServiceApply(service: Command, surroundings: Surroundings): void {
  const command = service
    .command("apply")
    .description("put a service spec in force for the next deploy, and get its base image ready")
    .argument("<file>", "the spec, such as kiln.yaml");
  examples(command, "kiln service apply examples/web/kiln.yaml");
  const left = "The spec may be in force; what is live serves on. Applying it again is harmless.";
  runs(command, surroundings, left, async (context, [file = ""]) => {
    const spec = await readSpecFile(file);
    const applied = await applySpec(await context.stage(), spec, context.output);
    const change = applied.unchanged ? "is in force already" : "is in force from the next deploy on";
    const text = `spec of ${applied.service} ${change} (${applied.digest.slice(0, 12)}); its base is ready`;
    return { json: { ...applied }, text };
  });
}

/** Stores the spec, points the stage at it, and waits until its base image is ready. */
export async function applySpec(stage: Stage, spec: ServiceSpec, output: Output): Promise<AppliedSpec> {
  const { service } = spec;
  const base = await baseOf(stage, spec);
  const digest = await stage.ledger.storeSpec(spec);
  const name = parameterNames.spec(stage.name, service);
  const unchanged = (await stage.parameters.read(name)) === digest;
  if (!unchanged) await stage.parameters.write(name, digest);
  output.progress(`applied  spec of ${service}`);
  await makeBaseReady(stage, base, spec.listener, output);
  return { service, digest, unchanged, baseImageId: base.imageId };
}

async function baseOf(stage: Stage, spec: ServiceSpec): Promise<Release["base"]> {
  const { basePin } = await stage.ledger.head(spec.service);
  return resolveBase(spec, basePin, stage);
}
