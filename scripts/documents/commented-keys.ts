import { commentText } from "./document.ts";

/**
 * Comments of the keys of the object schemas in a source file: `name` for a key of the schema in `const root`, `a.b` for
 * one further down, `a[].b` for one of an array's elements. Schemas of other constants count where they are used.
 * It reads the indentation, which the formatter guarantees.
 */
export function commentedKeys(source: string, root: string): Map<string, string> {
  const schemas = new Map(constants(source).map(({ name, body }) => [name, body]));
  const found = new Map<string, string>();
  collect(root, "");
  return found;

  function collect(name: string, prefix: string): void {
    for (const { path, comment, uses } of keysOf(schemas.get(name) ?? [])) {
      if (comment !== undefined) found.set(prefix + path, comment);
      if (uses && schemas.has(uses.schema)) collect(uses.schema, `${prefix}${path}${uses.each ? "[]" : ""}.`);
    }
  }
}

function constants(source: string): { name: string; body: string[] }[] {
  return [...source.matchAll(/^(?:export )?const (\w+) = ([\s\S]*?)(?=^\S)/gm)].map(([, name = "", body = ""]) => ({
    name,
    body: body.replace(/\/\*\*[\s\S]*?\*\//g, (comment) => comment.replace(/\n\s*\*(?!\/)/g, "")).split("\n"),
  }));
}

interface Key {
  path: string;
  comment: string | undefined;
  /** Another constant that says what is in it. */
  uses: { schema: string; each: boolean } | undefined;
}

function keysOf(lines: readonly string[]): Key[] {
  const keys: Key[] = [];
  const above: { indent: number; name: string }[] = [];
  let comment: string | undefined;
  for (const line of lines) {
    const said = /^\s*(\/\*\*.*\*\/)$/.exec(line)?.[1];
    const [, space = "", name, rest = ""] = /^(\s+)(\w+)(:.*|,)$/.exec(line) ?? [];
    if (name !== undefined) {
      while ((above.at(-1)?.indent ?? -1) >= space.length) above.pop();
      above.push({ indent: space.length, name });
      keys.push({ path: above.map((one) => one.name).join("."), comment, uses: usedBy(name, rest) });
    }
    comment = said === undefined ? undefined : commentText(said);
  }
  return keys;
}

function usedBy(name: string, rest: string): Key["uses"] {
  if (rest === ",") return { schema: name, each: false };
  const optional = /z\.optional\((\w+)\)/.exec(rest)?.[1];
  if (optional !== undefined) return { schema: optional, each: false };
  const element = /z\.array\((\w+)\)/.exec(rest)?.[1];
  return element === undefined ? undefined : { schema: element, each: true };
}
