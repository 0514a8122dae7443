import { NormalizedSchema } from "@smithy/core/schema";

export type ShapeKind =
  | "structure"
  | "union"
  | "list"
  | "map"
  | "string"
  | "number"
  | "bigNumber"
  | "boolean"
  | "blob"
  | "timestamp"
  | "document"
  | "unit";

export type TimestampFormat = "date-time" | "http-date" | "epoch-seconds";

/** The traits of the SDK's schemas that a server needs; the SDK's own type leaves most of them untyped. */
export interface Traits {
  http?: readonly [method: string, uri: string, status: number];
  httpLabel?: 1;
  httpPayload?: 1;
  httpResponseCode?: 1;
  httpQueryParams?: 1;
  httpHeader?: string;
  httpQuery?: string;
  httpPrefixHeaders?: string;
  jsonName?: string;
  xmlName?: string;
  xmlFlattened?: 1;
  xmlAttribute?: 1;
  xmlNamespace?: readonly [prefix: string, uri: string];
  ec2QueryName?: string;
  streaming?: 1;
  idempotencyToken?: 1;
  awsQueryError?: readonly [code: string, status: number];
  error?: "client" | "server";
  httpError?: number;
}

/**
 * One shape of a service's model as it stands in one place: what an SDK schema says, worked out once and kept, since
 * walking the SDK's normalised schemas for every value is slow.
 */
export class Shape {
  readonly kind: ShapeKind;
  /** Name without its namespace, such as `RunInstancesRequest`. */
  readonly name: string;
  /** Traits of the member and of its target together. */
  readonly traits: Traits;
  /** The name this member has in XML, where the model gives one; a target's own name does not count for members. */
  readonly memberXmlName: string | undefined;
  /** The format the model demands for this timestamp; undefined leaves it to the protocol. */
  readonly timestampFormat: TimestampFormat | undefined;
  readonly schema: NormalizedSchema;
  #members: ReadonlyMap<string, Shape> | undefined;
  #required: ReadonlySet<string> | undefined;
  #payload: { member: [name: string, shape: Shape] | undefined } | undefined;
  #element: Shape | undefined;
  #key: Shape | undefined;

  constructor(schema: NormalizedSchema) {
    this.schema = schema;
    this.name = schema.getName() ?? "";
    this.kind = kindOf(schema);
    this.traits = schema.getMergedTraits() as Traits;
    this.memberXmlName = (schema.getMemberTraits() as Traits).xmlName;
    this.timestampFormat = timestampFormats[String(schema.getSchema())];
  }

  /** Members of a structure or union by name; empty for every other kind. */
  get members(): ReadonlyMap<string, Shape> {
    this.#members ??= new Map(
      this.kind === "structure" || this.kind === "union"
        ? [...this.schema.structIterator()].map(([name, member]) => [name, shapeOf(member)])
        : [],
    );
    return this.#members;
  }

  /** Names of the members that a request must have: the first N of a structure, N standing behind its members. */
  get required(): ReadonlySet<string> {
    if (!this.#required) {
      const raw = this.schema.getSchema() as unknown as readonly unknown[];
      const count = this.kind === "structure" ? Number(raw[6] ?? 0) : 0;
      this.#required = new Set([...this.members.keys()].slice(0, count));
    }
    return this.#required;
  }

  /** What a list holds, or the values of a map. */
  get element(): Shape {
    this.#element ??= shapeOf(this.schema.getValueSchema());
    return this.#element;
  }

  get key(): Shape {
    this.#key ??= shapeOf(this.schema.getKeySchema());
    return this.#key;
  }

  get isStructured(): boolean {
    return this.kind === "structure" || this.kind === "union";
  }

  /** The member that is the whole body of a message, if any. */
  get payload(): [name: string, shape: Shape] | undefined {
    this.#payload ??= { member: [...this.members].find(([, member]) => member.traits.httpPayload) };
    return this.#payload.member;
  }
}

const shapes = new WeakMap<NormalizedSchema, Shape>();

/** The shape of an SDK schema (an exported `Name$`, or what an operation's thunk returns). */
export function shapeOf(schema: unknown): Shape {
  const normalized = NormalizedSchema.of(schema as Parameters<typeof NormalizedSchema.of>[0]);
  let shape = shapes.get(normalized);
  if (!shape) {
    shape = new Shape(normalized);
    shapes.set(normalized, shape);
  }
  return shape;
}

/** Codes of simple schemas in the SDK's tuples. Source: `@smithy/core/schema`, sentinels. */
const timestampFormats: Readonly<Record<string, TimestampFormat>> = {
  "5": "date-time",
  "6": "http-date",
  "7": "epoch-seconds",
};

function kindOf(schema: NormalizedSchema): ShapeKind {
  if (schema.isUnitSchema()) return "unit";
  if (schema.isUnionSchema()) return "union";
  if (schema.isStructSchema()) return "structure";
  if (schema.isListSchema()) return "list";
  if (schema.isMapSchema()) return "map";
  if (schema.isTimestampSchema()) return "timestamp";
  if (schema.isBlobSchema()) return "blob";
  if (schema.isBooleanSchema()) return "boolean";
  if (schema.isNumericSchema()) return "number";
  if (schema.isBigIntegerSchema() || schema.isBigDecimalSchema()) return "bigNumber";
  if (schema.isDocumentSchema()) return "document";
  return "string";
}
