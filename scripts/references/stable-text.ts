/** What is drawn at random or depends on it, and how each is called in a record. */
const kinds: readonly { pattern: RegExp; called: (match: RegExpMatchArray) => string }[] = [
  {
    pattern: /arn:aws:states:[a-z0-9-]+:\d+:execution:kiln-[a-z]+-([a-z]+):[A-Za-z0-9_-]+/g,
    called: ([, name]) => name ?? "",
  },
  { pattern: /\b(i|ami|snap|vol|lt|subnet|sg|vpc|eni)-[0-9a-f]{8,17}\b/g, called: ([, prefix]) => prefix ?? "" },
  { pattern: /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, called: () => "uuid" },
  { pattern: /\b[A-Z0-9]{32}\b/g, called: () => "version" },
  { pattern: /\b[0-9a-f]{64}\b/g, called: () => "digest" },
  { pattern: /(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}=/g, called: () => "checksum" },
  { pattern: /\b[0-9a-f]{16,40}\b/g, called: () => "id" },
];

const isoTime = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;
const epochMs = /\b1[5-9]\d{11}(?:\.\d+)?\b/g;
/** A load balancer's parts, by what of their names says which one it is. */
const balancing =
  /arn:aws:elasticloadbalancing:[a-z0-9-]*:\d*:(targetgroup\/[a-z]\S*?-\d{6}|[a-z-]+)[-/][\w./-]*?([0-9a-f]{16})\b/g;
const account = /arn:aws:([a-z0-9-]+):[a-z0-9-]*:\d*:/g;

/**
 * Makes a run's texts independent of what was drawn for it: the first instance that is named is `i-1`, and moments are
 * told from the run's beginning.
 */
export class StableText {
  readonly #beganMs: number;
  readonly #names = new Map<string, string>();
  readonly #counts = new Map<string, number>();

  constructor(beganMs: number) {
    this.#beganMs = beganMs;
  }

  of(text: string): string {
    const parts = text.replace(balancing, (_, part, id) => (part.includes("/") ? part : `${part}/${id}`));
    const named = kinds.reduce(
      (present, { pattern, called }) =>
        present.replace(pattern, (...match) =>
          this.#name(String(match[0]), called(match as unknown as RegExpMatchArray)),
        ),
      parts,
    );
    return named
      .replace(account, "arn:$1:")
      .replace(isoTime, (time) => this.#since(Date.parse(time)))
      .replace(epochMs, (time) => `"${this.#since(Number(time))}"`);
  }

  #name(found: string, kind: string): string {
    const known = this.#names.get(found);
    if (known !== undefined) return known;
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    const name = `${kind}-${count}`;
    this.#names.set(found, name);
    return name;
  }

  /** Whole seconds, with a sign. */
  #since(ms: number): string {
    const seconds = Math.floor((ms - this.#beganMs) / 1000);
    return `${seconds < 0 ? "-" : "+"}${Math.abs(seconds)}s`;
  }
}
