/** One complaint about a definition, as ValidateStateMachineDefinition returns it. */
export interface Diagnostic {
  severity: "ERROR";
  code:
    | "INVALID_JSON_DESCRIPTION"
    | "SCHEMA_VALIDATION_FAILED"
    | "MISSING_TRANSITION_TARGET"
    | "MISSING_END_STATE"
    | "DUPLICATE_STATE_NAME"
    | "INVALID_JSONATA_EXPRESSION"
    | "UNSUPPORTED_JSONATA_EXPRESSION";
  message: string;
  /** A path into the definition such as `/States/A/Next`; AWS leaves it out where nothing can be pointed at. */
  location?: string;
}

/** Collects what is wrong with one definition. */
export class Findings {
  readonly diagnostics: Diagnostic[] = [];
  /** Parts of the language that AWS has and this cloud lacks, each named with its place. */
  readonly missing: string[] = [];

  schema(location: string, message: string): void {
    this.add("SCHEMA_VALIDATION_FAILED", message, location);
  }

  /** A value of another type than the field's. Wording measured, floci-io/floci issue 2968. */
  type(location: string, expected: "ARRAY" | "INTEGER" | "NUMBER" | "OBJECT" | "STRING"): void {
    this.schema(location, `Expected value of type [${expected}]`);
  }

  /** Complains unless the value is one of these. Wording from the same place. */
  oneOf(location: string, value: unknown, values: readonly string[]): void {
    if (typeof value !== "string") this.type(location, "STRING");
    else if (!values.includes(value)) {
      this.schema(location, `Value should be one of the following: [${values.join(", ")}]`);
    }
  }

  add(code: Diagnostic["code"], message: string, location?: string): void {
    const diagnostic: Diagnostic = { severity: "ERROR", code, message };
    if (location !== undefined) diagnostic.location = location;
    this.diagnostics.push(diagnostic);
  }

  lacks(location: string, feature: string): void {
    this.missing.push(`${feature} at ${location}`);
  }
}

/** The text AWS puts into the InvalidDefinition error. Source: measured, floci-io/floci issue 2735. */
export function invalidDefinitionMessage(diagnostics: readonly Diagnostic[]): string {
  const complaints = diagnostics.map(({ code, message, location }) => `${code}: ${message} at ${location ?? null}`);
  return `Invalid State Machine Definition: '${complaints.join(", ")}'`;
}
