/** Which states lead to which; kept as numbers, since there are millions of them. */
export class Paths {
  #from = new Int32Array(1024);
  #to = new Int32Array(1024);
  #count = 0;

  add(from: number, to: number): void {
    if (this.#count === this.#from.length) {
      this.#from = grown(this.#from);
      this.#to = grown(this.#to);
    }
    this.#from[this.#count] = from;
    this.#to[this.#count] = to;
    this.#count += 1;
  }

  /**
   * The first state from which no end can be reached, whatever happens: something would go on for ever.
   * @param states How many there are, numbered from 0.
   * @returns Undefined when every state leads to an end.
   */
  firstEndless(states: number, ends: readonly number[]): number | undefined {
    const { starts, sources } = this.#backwards(states);
    const leads = new Uint8Array(states);
    const open = [...ends];
    for (const end of ends) leads[end] = 1;
    for (let state = open.pop(); state !== undefined; state = open.pop()) {
      for (let at = starts[state] ?? 0; at < (starts[state + 1] ?? 0); at++) {
        const source = sources[at] ?? 0;
        if (leads[source] === 1) continue;
        leads[source] = 1;
        open.push(source);
      }
    }
    const endless = leads.indexOf(0);
    return endless < 0 ? undefined : endless;
  }

  /** The states that lead to each one: those of state `s` stand in `sources` from `starts[s]` to before `starts[s + 1]`. */
  #backwards(states: number): { starts: Int32Array; sources: Int32Array } {
    const starts = new Int32Array(states + 1);
    for (let at = 0; at < this.#count; at++) raise(starts, (this.#to[at] ?? 0) + 1);
    for (let state = 0; state < states; state++) starts[state + 1] = (starts[state + 1] ?? 0) + (starts[state] ?? 0);
    const filled = starts.slice();
    const sources = new Int32Array(this.#count);
    for (let at = 0; at < this.#count; at++) sources[raise(filled, this.#to[at] ?? 0)] = this.#from[at] ?? 0;
    return { starts, sources };
  }
}

/** @returns What stood there before. */
function raise(counts: Int32Array, index: number): number {
  const before = counts[index] ?? 0;
  counts[index] = before + 1;
  return before;
}

function grown(list: Int32Array): Int32Array<ArrayBuffer> {
  const longer = new Int32Array(list.length * 2);
  longer.set(list);
  return longer;
}
