/** One complaint about a definition, as ValidateStateMachineDefinition returns it. */
export interface Diagnostic {
  severity: "ERROR";
  code:
    | "INVALID_JSON_DESCRIPTION"
    | "SCHEMA_VALIDATION_FAILED"
    | "MISSING_TRANSITION_TARGET"
    | "MISSING_END_STATE"
    | "DUPLICATE_STATE_NAME"
    | "INVALID_STATE_NAME"
    | "INVALID_JSONATA_EXPRESSION"
    | "UNSUPPORTED_JSONATA_EXPRESSION";
  message: string;
  /** A path into the definition such as `/States/A/Next`; AWS leaves it out where nothing can be pointed at. */
  location?: string;
}

/** Types of values, as AWS names them. */
export type ValueType = "ARRAY" | "BOOLEAN" | "INTEGER" | "NUMBER" | "OBJECT" | "STRING";

/**
 * Collects what is wrong with one definition. Where nothing else is said, sentences are AWS's, as measured with
 * ValidateStateMachineDefinition in badmintoncryer/cdk-preflight, rules/stepfunctions.
 */
export class Findings {
  readonly diagnostics: Diagnostic[] = [];
  /** Parts of the language that AWS has and this cloud lacks, each named with its place. */
  readonly missing: string[] = [];

  schema(location: string, message: string): void {
    this.add("SCHEMA_VALIDATION_FAILED", message, location);
  }

  /** A value of another type than the field's. Wording measured, floci-io/floci issue 2968. */
  type(location: string, expected: ValueType): void {
    this.schema(location, `Expected value of type [${expected}]`);
  }

  /** Complains unless the value is one of these. Wording from the same place. */
  oneOf(location: string, value: unknown, values: readonly string[]): void {
    if (typeof value !== "string") this.type(location, "STRING");
    else if (!values.includes(value)) {
      this.schema(location, `Value should be one of the following: [${values.join(", ")}]`);
    }
  }

  required(location: string, holder: object, fields: readonly string[]): void {
    const absent = fields.filter((field) => !(field in holder));
    if (absent.length > 0) this.schema(location, `These fields are required: [${absent.join(", ")}]`);
  }

  /** Complains unless exactly one of the fields is there. */
  onlyOne(location: string, fields: readonly string[], present: number): void {
    const list = `[${fields.join(", ")}]`;
    if (present > 1) this.schema(location, `There should only be one of the following fields: ${list}`);
    if (present === 0) this.schema(location, `This object should have only one of the following fields: ${list}`);
  }

  empty(location: string): void {
    this.schema(location, "Value cannot be empty");
  }

  /** Complains about a field of the other query language. */
  otherLanguage(location: string, field: string, language: "JSONata" | "JSONPath"): void {
    const other = language === "JSONata" ? "JSONPath" : "JSONata";
    const sentence = `but field '${field}' is only supported for the '${other}' QueryLanguage`;
    this.schema(location, `The QueryLanguage is set to '${language}', ${sentence}`);
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
