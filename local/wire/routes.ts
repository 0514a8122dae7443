import { parsePairs, type WireRequest } from "./message.ts";
import type { OperationModel, ServiceModel } from "./model.ts";

/** What a REST request must look like to mean one operation. */
interface Route {
  operation: OperationModel;
  method: string;
  path: RegExp;
  labels: string[];
  /** Fixed parts of the query, such as `uploads` or `list-type=2`. */
  query: [name: string, value: string][];
  /** The SDKs' hint `x-id`, which AWS does not need but which tells look-alikes apart. */
  hint: string | undefined;
  requiredQuery: string[];
  requiredHeaders: string[];
  needsBucket: boolean;
}

export interface RouteMatch {
  operation: OperationModel;
  /** Values of the path's labels, still percent-encoded. */
  labels: Record<string, string>;
}

const routeTables = new WeakMap<ServiceModel, Route[]>();

/**
 * The operation whose method, path, fixed query and required bindings the request has; the most demanding one when
 * several fit (UploadPart needs a part number and so goes before PutObject).
 * @param bucket For S3: the bucket the request is addressed to, which stands outside the path.
 */
export function matchRoute(model: ServiceModel, request: WireRequest, bucket?: string): RouteMatch | undefined {
  let table = routeTables.get(model);
  if (!table) {
    table = [...model.operations.values()].flatMap((operation) => routeOf(operation));
    routeTables.set(model, table);
  }
  const names = new Map(request.query);
  let best: { route: Route; score: number; match: RegExpExecArray } | undefined;
  for (const route of table) {
    if (route.method !== request.method || (model.id === "s3" && route.needsBucket !== (bucket !== undefined)))
      continue;
    const match = route.path.exec(request.path);
    if (!match) continue;
    const score = scoreOf(route, names, request.headers);
    if (score !== undefined && (!best || score > best.score)) best = { route, score, match };
  }
  if (!best) return undefined;
  const labels: Record<string, string> = {};
  for (const [index, label] of best.route.labels.entries()) labels[label] = best.match[index + 1] ?? "";
  return { operation: best.route.operation, labels };
}

/** How specific a fitting route is, or undefined when something it needs is absent. */
function scoreOf(
  route: Route,
  query: ReadonlyMap<string, string>,
  headers: Readonly<Record<string, string>>,
): number | undefined {
  for (const [name, value] of route.query) {
    if (!query.has(name) || (value !== "" && query.get(name) !== value)) return undefined;
  }
  if (route.requiredQuery.some((name) => !query.has(name))) return undefined;
  if (route.requiredHeaders.some((name) => headers[name] === undefined)) return undefined;
  const demands = route.query.length + route.requiredQuery.length + route.requiredHeaders.length;
  const literal = route.path.source.length / 1000;
  return demands + literal + (route.hint !== undefined && query.get("x-id") === route.hint ? 0.5 : 0);
}

function routeOf(operation: OperationModel): Route[] {
  if (!operation.http) return [];
  const [method, uri] = operation.http;
  const [template = "/", fixed = ""] = uri.split("?");
  const labels: string[] = [];
  const pattern = template
    .replace(/\/$/, "")
    .split(/(\{[^}]+\})/)
    .map((part) => {
      const label = /^\{([^}+]+)(\+?)\}$/.exec(part);
      if (!label?.[1]) return part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
      labels.push(label[1]);
      return label[2] ? "(.+)" : "([^/]+)";
    })
    .join("");
  const members = [...operation.input.members].filter(([name]) => operation.input.required.has(name));
  const pairs = parsePairs(fixed);
  return [
    {
      operation,
      method,
      path: new RegExp(`^${pattern}/?$`, "s"),
      labels,
      query: pairs.filter(([name]) => name !== "x-id"),
      hint: pairs.find(([name]) => name === "x-id")?.[1],
      requiredQuery: members.flatMap(([, member]) => member.traits.httpQuery ?? []),
      requiredHeaders: members.flatMap(([, member]) => member.traits.httpHeader?.toLowerCase() ?? []),
      needsBucket: operation.input.members.get("Bucket")?.traits.httpLabel === 1,
    },
  ];
}
