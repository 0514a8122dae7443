import { writeFile } from "node:fs/promises";
import type { Command } from "commander";
import type { Part } from "../../shared/domain/release.ts";
import type { Stage } from "../aws/stage.ts";
import { examples, runs, type Surroundings } from "../command.ts";
import { nothingDone } from "../failure.ts";
import { cycloneDx, type PartInventory } from "../sbom/cyclonedx.ts";
import { requireRelease } from "./known-release.ts";

interface Options {
  output?: string;
}

/** `kiln releases sbom`: what a release is made of, as far as the manifests in its archives say. */
export function addReleasesSbom(releases: Command, surroundings: Surroundings): void {
  const command = releases
    .command("sbom")
    .description("print the bill of materials of a release (CycloneDX JSON 1.6), and what could not be known")
    .argument("<generation>", "such as web-000042")
    .option("--output <file>", "write it there instead");
  examples(command, "kiln releases sbom web-000042", "kiln releases sbom web-000042 --output web.cdx.json");
  runs<Options>(command, surroundings, nothingDone, async (context, [generation = ""], { output }) => {
    const bom = await billOfMaterials(await context.stage(), generation);
    const text = JSON.stringify(bom, null, 2);
    if (output === undefined) return { json: bom, text };
    await writeFile(output, `${text}\n`);
    return { json: bom, text: `the bill of materials of ${generation} is in ${output}` };
  });
}

/** @throws {CommandFailure} when there is no such release. */
export async function billOfMaterials(stage: Pick<Stage, "name" | "ledger">, generation: string) {
  const release = await requireRelease(stage, generation);
  const found = async (part: Part): Promise<PartInventory> => ({
    part,
    inventory: await stage.ledger.parts.inventory(part.sha256),
  });
  const [artifact, ...layers] = await Promise.all([found(release.artifact), ...release.layers.map(found)]);
  return cycloneDx(release, artifact, layers);
}
