import type { Filter } from "@aws-sdk/client-ec2";
import { invalidParameter } from "./errors.ts";
import type { Tags } from "./records.ts";

type FilterValue = string | number | boolean | undefined | readonly (string | undefined)[];

/** For each filter name an operation knows, what it compares with. */
export type FilterTable<T> = Readonly<Record<string, (item: T) => FilterValue>>;

/** EC2 takes at most this many values in one filter. Source: EC2 user guide, "Filtering using the CLI". */
const maxFilterValues = 200;

/**
 * Items that match every filter; a filter matches when any of its values does. Values may hold `*` and `?`.
 * `tag:<key>` and `tag-key` are known for whatever has tags.
 * @throws {AwsError} InvalidParameterValue for a filter the operation does not have.
 */
export function matching<T extends { tags: Tags }>(
  items: readonly T[],
  filters: readonly Filter[] | undefined,
  table: FilterTable<T>,
): T[] {
  const tests = (filters ?? []).map((filter) => testOf(filter, table));
  return items.filter((item) => tests.every((test) => test(item)));
}

function testOf<T extends { tags: Tags }>(filter: Filter, table: FilterTable<T>): (item: T) => boolean {
  const name = filter.Name ?? "";
  const values = filter.Values ?? [];
  if (values.length === 0 || values.length > maxFilterValues) {
    throw invalidParameter(`The filter '${name}' must have between 1 and ${maxFilterValues} values`);
  }
  const patterns = values.map(pattern);
  const read = reader(name, table);
  return (item) => {
    const found = read(item);
    const texts = (Array.isArray(found) ? found : [found]).filter((text) => text !== undefined);
    return texts.some((text) => patterns.some((one) => one.test(String(text))));
  };
}

function reader<T extends { tags: Tags }>(name: string, table: FilterTable<T>): (item: T) => FilterValue {
  if (name === "tag-key") return (item) => Object.keys(item.tags);
  if (name.startsWith("tag:")) return (item) => item.tags[name.slice(4)];
  const read = Object.hasOwn(table, name) ? table[name] : undefined;
  if (!read) throw invalidParameter(`The filter '${name}' is invalid`);
  return read;
}

/** `*` any characters, `?` exactly one, backslash takes the next character as it is; case matters. */
function pattern(value: string): { test(text: string): boolean } {
  if (!/[*?\\]/.test(value)) return { test: (text) => text === value };
  let source = "";
  for (let at = 0; at < value.length; at++) {
    const character = value[at] ?? "";
    if (character === "*") source += "[^]*";
    else if (character === "?") source += "[^]";
    else if (character === "\\" && at + 1 < value.length) source += escaped(value[++at] ?? "");
    else source += escaped(character);
  }
  return new RegExp(`^${source}$`);
}

function escaped(character: string): string {
  return /[\\^$.*+?()[\]{}|/-]/.test(character) ? `\\${character}` : character;
}
