/** One leaf of an event: its path joined by dots, its value, and which element of each array above it holds it. */
export interface EventField {
  path: string;
  value: string | number | boolean | null;
  elements: ReadonlyMap<number, number>;
}

/**
 * Cuts an event into its leaves. An array of values gives one leaf for each; leaves of different elements of one array of
 * objects remember that, because a pattern must not match across elements.
 */
export function fieldsOf(event: unknown): Map<string, EventField[]> {
  const fields = new Map<string, EventField[]>();
  let arrays = 0;
  const visit = (value: unknown, path: string, elements: ReadonlyMap<number, number>): void => {
    if (Array.isArray(value)) {
      const array = arrays++;
      for (const [index, element] of value.entries()) visit(element, path, new Map([...elements, [array, index]]));
    } else if (typeof value === "object" && value !== null) {
      for (const [name, child] of Object.entries(value)) visit(child, path === "" ? name : `${path}.${name}`, elements);
    } else if (value !== undefined) {
      const field = { path, value: value as EventField["value"], elements };
      const same = fields.get(path);
      if (same) same.push(field);
      else fields.set(path, [field]);
    }
  };
  visit(event, "", new Map());
  return fields;
}

/** The array elements of both, or undefined when they lie in different elements of one array. */
export function mergeElements(
  one: ReadonlyMap<number, number>,
  other: ReadonlyMap<number, number>,
): ReadonlyMap<number, number> | undefined {
  const merged = new Map(one);
  for (const [array, element] of other) {
    const known = merged.get(array);
    if (known !== undefined && known !== element) return undefined;
    merged.set(array, element);
  }
  return merged;
}
