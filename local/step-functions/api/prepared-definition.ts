import { modelsNeededBy } from "../integrations/requests.ts";
import { parseResource } from "../integrations/resource.ts";
import { loadSdkModel, operationName } from "../integrations/sdk-model.ts";
import { isObject } from "../language/json.ts";
import { type Validated, validateDefinition } from "../validation/validate.ts";

/** Definitions found good in this process, with their SDK models loaded: clouds that begin with one snapshot share them. */
const ready = new Set<string>();
/** A bound for a process that sees endless new ones; a stack has a handful. */
const readyMax = 1_000;

/** Makes ready what running a stored definition needs. */
export async function makeReady(text: string): Promise<void> {
  if (ready.has(text)) return;
  const { definition } = await checkDefinition(text);
  if (!definition) return;
  if (ready.size >= readyMax) ready.clear();
  ready.add(text);
}

/**
 * Checks a definition and makes ready what running it needs: the SDK models of its tasks are loaded here, so that the
 * machine itself never waits for a file. Actions those SDKs do not have are refused.
 */
export async function checkDefinition(text: string, type?: "STANDARD" | "EXPRESS"): Promise<Validated> {
  const validated = validateDefinition(text, type);
  if (!validated.definition) return validated;
  const { diagnostics } = validated;
  for (const { arn, location } of resources(validated.definition, "")) {
    const resource = parseResource(arn);
    if (!resource) continue;
    for (const name of modelsNeededBy(resource)) {
      const model = await loadSdkModel(name);
      if (resource.kind !== "sdk" || model.operations.has(operationName(resource.action))) continue;
      const message = `The resource provided ${arn} is not recognized. The value is not a valid resource ARN, or the resource is not available in this region.`;
      diagnostics.push({ severity: "ERROR", code: "SCHEMA_VALIDATION_FAILED", message, location });
    }
  }
  return diagnostics.length === 0 ? validated : { diagnostics, missing: validated.missing };
}

function* resources(node: unknown, location: string): Generator<{ arn: string; location: string }> {
  if (Array.isArray(node)) {
    for (const [index, element] of node.entries()) yield* resources(element, `${location}[${index}]`);
    return;
  }
  if (!isObject(node)) return;
  if (node["Type"] === "Task" && typeof node["Resource"] === "string") {
    yield { arn: node["Resource"], location: `${location}/Resource` };
    return;
  }
  for (const [key, member] of Object.entries(node)) yield* resources(member, `${location}/${key}`);
}
