import { AwsError } from "../core/aws-error.ts";
import type { Shape } from "./shape.ts";
import { parseTimestamp } from "./timestamps.ts";

/** A form's parameters as a tree: `Filter.1.Name=x` becomes `Filter → 1 → Name`. */
interface Branch {
  value?: string;
  children: Map<string, Branch>;
}

/** How a query protocol names the parts of a value. */
interface Naming {
  /** The parameter of a structure's member. */
  member(name: string, shape: Shape): string;
  /** Whether lists have no segment of their own between their name and the index. */
  isFlat(list: Shape): boolean;
}

/** Source: smithy.io, AWS query protocol, "Query key resolution". */
const queryNaming: Naming = {
  member: (name, shape) => shape.memberXmlName ?? name,
  isFlat: (list) => list.traits.xmlFlattened === 1,
};

/** Source: smithy.io, AWS EC2 query protocol: ec2QueryName, else the capitalised xmlName, else the capitalised name; every list is flat. */
const ec2Naming: Naming = {
  member: (name, shape) => shape.traits.ec2QueryName ?? capitalised(shape.memberXmlName ?? name),
  isFlat: () => true,
};

/** Reads the parameters of an awsQuery or ec2Query request by the operation's input shape. */
export function decodeQuery(shape: Shape, parameters: Iterable<[string, string]>, dialect: "query" | "ec2"): unknown {
  const root = treeOf(parameters);
  if (!shape.isStructured) return {};
  return decode(shape, root, "", dialect === "ec2" ? ec2Naming : queryNaming);
}

function treeOf(parameters: Iterable<[string, string]>): Branch {
  const root: Branch = { children: new Map() };
  for (const [key, value] of parameters) {
    let branch = root;
    for (const segment of key.split(".")) {
      let child = branch.children.get(segment);
      if (!child) {
        child = { children: new Map() };
        branch.children.set(segment, child);
      }
      branch = child;
    }
    branch.value = value;
  }
  return root;
}

function decode(shape: Shape, branch: Branch, path: string, naming: Naming): unknown {
  switch (shape.kind) {
    case "structure":
    case "union": {
      const result: Record<string, unknown> = {};
      for (const [name, member] of shape.members) {
        const parameter = naming.member(name, member);
        const child = branch.children.get(parameter);
        if (child) result[name] = decode(member, child, path ? `${path}.${parameter}` : parameter, naming);
      }
      return result;
    }
    case "list":
      return decodeList(shape, branch, path, naming);
    case "map":
      return decodeMap(shape, branch, path, naming);
    default:
      return decodeScalar(shape, branch.value ?? "", path);
  }
}

function decodeList(shape: Shape, branch: Branch, path: string, naming: Naming): unknown[] {
  const itemName = shape.element.memberXmlName ?? "member";
  const items = naming.isFlat(shape) ? branch : branch.children.get(itemName);
  if (!items) return [];
  return numbered(items).map(([index, child]) => decode(shape.element, child, `${path}.${index}`, naming));
}

function decodeMap(shape: Shape, branch: Branch, path: string, naming: Naming): Record<string, unknown> {
  const keyName = shape.key.memberXmlName ?? "key";
  const valueName = shape.element.memberXmlName ?? "value";
  const entries = naming.isFlat(shape) ? branch : branch.children.get("entry");
  const result: Record<string, unknown> = {};
  for (const [index, entry] of entries ? numbered(entries) : []) {
    const key = entry.children.get(keyName)?.value;
    const value = entry.children.get(valueName);
    if (key !== undefined && value) result[key] = decode(shape.element, value, `${path}.${index}.${valueName}`, naming);
  }
  return result;
}

/** Children with a number for a name, in order; gaps close up, as AWS's own parsers do. */
function numbered(branch: Branch): [number, Branch][] {
  return [...branch.children]
    .filter(([segment]) => /^\d+$/.test(segment))
    .map(([segment, child]): [number, Branch] => [Number(segment), child])
    .sort(([a], [b]) => a - b);
}

function decodeScalar(shape: Shape, text: string, path: string): unknown {
  switch (shape.kind) {
    case "number": {
      const number = Number(text);
      if (text.trim() === "" || Number.isNaN(number)) throw malformed(path, text, "a number");
      return number;
    }
    case "boolean":
      if (!/^(true|false)$/i.test(text)) throw malformed(path, text, "true or false");
      return text.toLowerCase() === "true";
    case "blob":
      return new Uint8Array(Buffer.from(text, "base64"));
    case "timestamp": {
      const date = parseTimestamp(text);
      if (!date) throw malformed(path, text, "a timestamp");
      return date;
    }
    default:
      return text;
  }
}

function malformed(path: string, text: string, expected: string): AwsError {
  return new AwsError("MalformedInput", `the value '${text}' of parameter ${path} is not ${expected}`, 400);
}

function capitalised(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}
