interface Template {
  Resources?: Record<string, { Type: string; Properties?: { DefinitionString?: unknown; Definition?: unknown } }>;
}

/**
 * The state machines of a packaged CloudFormation template by logical id, with a made-up ARN in place of every
 * substitution: enough to judge their structure.
 */
export function machineDefinitions(template: Template): [id: string, definition: Record<string, unknown>][] {
  return Object.entries(template.Resources ?? {})
    .filter(([, resource]) => resource.Type === "AWS::StepFunctions::StateMachine")
    .map(([id, resource]) => [id, definitionOf(id, resource.Properties ?? {})]);
}

function definitionOf(id: string, properties: { DefinitionString?: unknown; Definition?: unknown }) {
  if (typeof properties.Definition === "object" && properties.Definition !== null) {
    return properties.Definition as Record<string, unknown>;
  }
  const text = definitionText(properties.DefinitionString);
  if (text === undefined) throw new Error(`state machine ${id} has no definition that can be read`);
  return JSON.parse(text.replaceAll(/\$\{[^}]+\}/g, "arn:aws:lambda:us-east-1:123456789012:function:name"));
}

function definitionText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null || !("Fn::Sub" in value)) return undefined;
  const substituted = value["Fn::Sub"];
  const text = Array.isArray(substituted) ? substituted[0] : substituted;
  return typeof text === "string" ? text : undefined;
}
