/** Condition keys of a request with their values. */
export type ConditionKeys = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Condition keys, or what finds them out. */
export type KeySource = ConditionKeys | (() => ConditionKeys);

/** The condition keys of one request: values by key, keys in lower case, since IAM does not tell cases apart there. */
export class RequestContext {
  readonly #sources: readonly KeySource[];
  #values: Map<string, readonly string[]> | undefined;

  /** @param sources A later one counts before an earlier one; they are read once a policy looks, which most never do. */
  constructor(...sources: KeySource[]) {
    this.#sources = sources;
  }

  /** Values of a key; undefined when the request does not have it. */
  get(key: string): readonly string[] | undefined {
    this.#values ??= collect(this.#sources);
    return this.#values.get(key.toLowerCase());
  }
}

function collect(sources: readonly KeySource[]): Map<string, readonly string[]> {
  const values = new Map<string, readonly string[]>();
  for (const source of sources) {
    for (const [key, value] of Object.entries(typeof source === "function" ? source() : source)) {
      if (value !== undefined) values.set(key.toLowerCase(), typeof value === "string" ? [value] : value);
    }
  }
  return values;
}
