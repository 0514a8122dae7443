import { isIPv4, isIPv6 } from "node:net";

/** An IP address as a number of its family, 32 or 128 bits wide; undefined for any other text. */
function parseAddress(text: string): { bits: 32 | 128; value: bigint } | undefined {
  if (isIPv4(text)) {
    return { bits: 32, value: text.split(".").reduce((value, byte) => (value << 8n) | BigInt(byte), 0n) };
  }
  if (!isIPv6(text) || text.includes("%")) return undefined;
  return { bits: 128, value: parseV6(text) };
}

function parseV6(text: string): bigint {
  // An IPv4 address may stand for the last two groups.
  const plain = text.replace(/\d+\.\d+\.\d+\.\d+$/, (tail) => {
    const [a = 0, b = 0, c = 0, d = 0] = tail.split(".").map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [head = "", tail] = plain.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = new Array<string>(tail === undefined ? 0 : 8 - before.length - after.length).fill("0");
  return [...before, ...zeros, ...after].reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}

/** A block of addresses in CIDR notation. */
export class IpRange {
  readonly #bits: number;
  readonly #first: bigint;
  readonly #last: bigint;

  private constructor(bits: number, first: bigint, last: bigint) {
    this.#bits = bits;
    this.#first = first;
    this.#last = last;
  }

  /** @returns The range, or what is wrong with the text in EventBridge's words. */
  static parse(text: string): IpRange | string {
    const [address, mask, ...rest] = text.split("/");
    if (address === undefined || mask === undefined || rest.length > 0) return "Malformed CIDR, one '/' required";
    if (!/^\d+$/.test(mask)) return "Malformed CIDR, mask bits must be an integer";
    const parsed = parseAddress(address);
    if (!parsed) return `Nonstandard IP address: ${address}`;
    if (Number(mask) > parsed.bits) return `Malformed CIDR, mask bits must be < ${parsed.bits}`;
    const hostBits = BigInt(parsed.bits - Number(mask));
    const first = (parsed.value >> hostBits) << hostBits;
    return new IpRange(parsed.bits, first, first + (1n << hostBits) - 1n);
  }

  contains(text: string): boolean {
    const address = parseAddress(text);
    return address?.bits === this.#bits && address.value >= this.#first && address.value <= this.#last;
  }
}
