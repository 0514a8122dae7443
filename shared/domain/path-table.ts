import { hash } from "node:crypto";

/** Share of slots in use above which the table doubles. */
const fullest = 0.6;

/**
 * A number from 1 to 255 for each path, kept under 8 bytes of the path's SHA-256: nine bytes a slot, whatever the length
 * of the paths. Two paths that meet by chance (one in 10^8 for half a million) can only lead to a refusal, never past one.
 */
export class PathTable {
  #keys = new BigUint64Array(1024);
  #values = new Uint8Array(1024);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(path: string): number | undefined {
    const slot = this.#slotOf(keyOf(path));
    return this.#values[slot] || undefined;
  }

  /** @param value 1–255. */
  set(path: string, value: number): void {
    if (this.#size + 1 > this.#keys.length * fullest) this.#grow();
    this.#put(keyOf(path), value);
  }

  #put(key: bigint, value: number): void {
    const slot = this.#slotOf(key);
    if (this.#values[slot] === 0) this.#size += 1;
    this.#keys[slot] = key;
    this.#values[slot] = value;
  }

  /** The slot of a key, or the empty one where it belongs: the next free one after its own. */
  #slotOf(key: bigint): number {
    const mask = this.#keys.length - 1;
    let slot = Number(key & BigInt(mask));
    while (this.#values[slot] !== 0 && this.#keys[slot] !== key) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [keys, values] = [this.#keys, this.#values];
    this.#keys = new BigUint64Array(keys.length * 2);
    this.#values = new Uint8Array(keys.length * 2);
    this.#size = 0;
    for (const [slot, value] of values.entries()) if (value !== 0) this.#put(keys[slot] ?? 0n, value);
  }
}

function keyOf(path: string): bigint {
  return hash("sha256", path, "buffer").readBigUInt64LE(0);
}
