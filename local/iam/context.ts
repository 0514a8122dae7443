/** The condition keys of one request: values by key, keys in lower case, since IAM does not tell cases apart there. */
export class RequestContext {
  readonly #values = new Map<string, readonly string[]>();

  constructor(...sources: Readonly<Record<string, string | readonly string[] | undefined>>[]) {
    for (const source of sources) {
      for (const [key, value] of Object.entries(source)) {
        if (value === undefined) continue;
        this.#values.set(key.toLowerCase(), typeof value === "string" ? [value] : value);
      }
    }
  }

  /** Values of a key; undefined when the request does not have it. */
  get(key: string): readonly string[] | undefined {
    return this.#values.get(key.toLowerCase());
  }
}
