import { type Constraints, loadConstraints, loadUnheeded, type Unheeded } from "./constraints.ts";
import { type Shape, shapeOf, type Traits } from "./shape.ts";

/** How one service speaks. `query` services also have a version in every request, which routing of unsigned calls uses. */
export type ProtocolName = "json" | "query" | "ec2" | "rest-json" | "rest-xml";

export interface OperationModel {
  name: string;
  /** Method, URI template with its fixed query, and success status; present for REST services. */
  http: readonly [method: string, uri: string, status: number] | undefined;
  input: Shape;
  output: Shape;
}

export interface ErrorModel {
  /** Name of the shape, as SDKs name the exception. */
  name: string;
  /** Code on the wire of query protocols, where it differs from the name. */
  queryCode: string;
  /** HTTP status where the model gives one. */
  status: number | undefined;
  shape: Shape;
}

/** What the wire knows of one service, read from its SDK client package. */
export interface ServiceModel {
  /** The name requests are signed for. */
  id: string;
  /** The protocol of a request that does not itself show one. */
  protocol: ProtocolName;
  /** Smithy namespace, such as `com.amazonaws.sfn`. */
  namespace: string;
  xmlNamespace: string;
  /** Whether JSON errors also carry the code of the query protocol the service had before. */
  queryCompatible: boolean;
  operations: ReadonlyMap<string, OperationModel>;
  /** Lengths, ranges, patterns and enums, which the SDK's schemas lack. */
  constraints: Constraints;
  /** What this cloud would ignore, and therefore refuses. */
  unheeded: Unheeded;
  /** The modelled error of a code, by the shape's name or by its query code. */
  error(code: string): ErrorModel | undefined;
  /** The client package's exports. */
  client: Readonly<Record<string, unknown>>;
}

interface Source {
  protocol: ProtocolName;
  load: () => Promise<object>;
  xmlNamespace?: string;
  /** What `X-Amz-Target` starts with. */
  target?: string;
  queryCompatible?: boolean;
}

/** Protocol facts from each client's runtimeConfig.shared.js (SDK 3.11xx). */
const sources: Readonly<Record<string, Source>> = {
  autoscaling: {
    protocol: "query",
    load: () => import("@aws-sdk/client-auto-scaling"),
    xmlNamespace: "http://autoscaling.amazonaws.com/doc/2011-01-01/",
  },
  cloudformation: {
    protocol: "query",
    load: () => import("@aws-sdk/client-cloudformation"),
    xmlNamespace: "http://cloudformation.amazonaws.com/doc/2010-05-15/",
  },
  ebs: { protocol: "rest-json", load: () => import("@aws-sdk/client-ebs") },
  ec2: {
    protocol: "ec2",
    load: () => import("@aws-sdk/client-ec2"),
    xmlNamespace: "http://ec2.amazonaws.com/doc/2016-11-15",
  },
  elasticloadbalancing: {
    protocol: "query",
    load: () => import("@aws-sdk/client-elastic-load-balancing-v2"),
    xmlNamespace: "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/",
  },
  servicequotas: {
    protocol: "json",
    load: () => import("@aws-sdk/client-service-quotas"),
    target: "ServiceQuotasV20190624",
  },
  events: { protocol: "json", load: () => import("@aws-sdk/client-eventbridge"), target: "AWSEvents" },
  iam: {
    protocol: "query",
    load: () => import("@aws-sdk/client-iam"),
    xmlNamespace: "https://iam.amazonaws.com/doc/2010-05-08/",
  },
  kms: { protocol: "json", load: () => import("@aws-sdk/client-kms"), target: "TrentService" },
  lambda: { protocol: "rest-json", load: () => import("@aws-sdk/client-lambda") },
  logs: { protocol: "json", load: () => import("@aws-sdk/client-cloudwatch-logs"), target: "Logs_20140328" },
  monitoring: {
    protocol: "json",
    load: () => import("@aws-sdk/client-cloudwatch"),
    xmlNamespace: "http://monitoring.amazonaws.com/doc/2010-08-01/",
    target: "GraniteServiceVersion20100801",
    queryCompatible: true,
  },
  s3: {
    protocol: "rest-xml",
    load: () => import("@aws-sdk/client-s3"),
    xmlNamespace: "http://s3.amazonaws.com/doc/2006-03-01/",
  },
  scheduler: { protocol: "rest-json", load: () => import("@aws-sdk/client-scheduler") },
  sns: {
    protocol: "query",
    load: () => import("@aws-sdk/client-sns"),
    xmlNamespace: "http://sns.amazonaws.com/doc/2010-03-31/",
  },
  sqs: { protocol: "json", load: () => import("@aws-sdk/client-sqs"), target: "AmazonSQS", queryCompatible: true },
  ssm: { protocol: "json", load: () => import("@aws-sdk/client-ssm"), target: "AmazonSSM" },
  states: { protocol: "json", load: () => import("@aws-sdk/client-sfn"), target: "AWSStepFunctions" },
  sts: {
    protocol: "query",
    load: () => import("@aws-sdk/client-sts"),
    xmlNamespace: "https://sts.amazonaws.com/doc/2011-06-15/",
  },
};

const models = new Map<string, Promise<ServiceModel>>();

/**
 * The model of the service that requests are signed for as `id`; undefined for a service the wire does not know.
 * The client package is loaded on first use: all of them together cost about a second of start-up.
 */
export function loadModel(id: string): Promise<ServiceModel> | undefined {
  const source = sources[id];
  if (!source) return undefined;
  let model = models.get(id);
  if (!model) {
    model = Promise.all([source.load(), loadConstraints(id), loadUnheeded(id)]).then(
      ([client, constraints, unheeded]) => buildModel(id, source, exportsOf(client), { constraints, unheeded }),
    );
    models.set(id, model);
  }
  return model;
}

/** The signing name of the service whose `X-Amz-Target` starts with `target`. */
export function serviceOfTarget(target: string): string | undefined {
  return Object.keys(sources).find((id) => sources[id]?.target === target);
}

/** The signing name of the service whose query API has this version. */
export function serviceOfVersion(version: string): string | undefined {
  return Object.keys(sources).find((id) => sources[id]?.xmlNamespace?.includes(`/${version}`));
}

function exportsOf(client: object): Record<string, unknown> {
  // Node names most exports of a CommonJS package, and always offers them all as its default export.
  const loaded = client as Record<string, unknown>;
  return (loaded["default"] ?? loaded) as Record<string, unknown>;
}

type OperationSchema = [9, string, string, Traits | number, () => unknown, () => unknown];
type ErrorSchema = [-3, string, string, Traits | number, string[], unknown[]];

function buildModel(
  id: string,
  source: Source,
  client: Record<string, unknown>,
  tables: Pick<ServiceModel, "constraints" | "unheeded">,
): ServiceModel {
  const operations = new Map<string, OperationModel>();
  const errors = new Map<string, ErrorModel>();
  let namespace = "";
  for (const schema of Object.values(client)) {
    if (!Array.isArray(schema)) continue;
    if (schema[0] === 9) {
      const [, schemaNamespace, name, traits, input, output] = schema as OperationSchema;
      namespace = schemaNamespace;
      const http = typeof traits === "object" ? traits.http : undefined;
      operations.set(name, { name, http, input: shapeOf(input()), output: shapeOf(output()) });
    } else if (schema[0] === -3) {
      const error = errorModel(schema as ErrorSchema);
      errors.set(error.name, error);
      if (!errors.has(error.queryCode)) errors.set(error.queryCode, error);
    }
  }
  return {
    id,
    protocol: source.protocol,
    namespace,
    xmlNamespace: source.xmlNamespace ?? "",
    queryCompatible: source.queryCompatible ?? false,
    operations,
    ...tables,
    error: (code) => errors.get(code),
    client,
  };
}

function errorModel(schema: ErrorSchema): ErrorModel {
  const shape = shapeOf(schema);
  const { awsQueryError, httpError, error } = shape.traits;
  return {
    name: shape.name,
    queryCode: awsQueryError?.[0] ?? shape.name,
    status: awsQueryError?.[1] ?? httpError ?? (error === "server" ? 500 : undefined),
    shape,
  };
}
