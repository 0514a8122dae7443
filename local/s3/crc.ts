/** A reflected CRC with all bits set at the start and inverted at the end, as all of S3's are. */
export interface CrcParameters {
  /** Bits. */
  width: 32 | 64;
  /** The polynomial, bits reversed. */
  polynomial: bigint;
}

export const crc32Parameters: CrcParameters = { width: 32, polynomial: 0xedb88320n };
export const crc32cParameters: CrcParameters = { width: 32, polynomial: 0x82f63b78n };
/** Source: NVM Express NVM Command Set Specification, 64b CRC (0xad93d23594c93659), which S3 names CRC64NVME. */
export const crc64NvmeParameters: CrcParameters = { width: 64, polynomial: 0x9a6c9329ac4bc9b5n };

/**
 * Entry `256 * k + b`: what byte `b`, followed by `k` more bytes, contributes to the register. Eight bytes are then taken
 * at once, several times as fast as one by one. Two 32-bit halves keep BigInt out of the loop.
 */
interface SliceTables {
  low: Uint32Array;
  high: Uint32Array;
}

function sliceTables(polynomial: bigint): SliceTables {
  const polynomialLow = Number(polynomial & 0xffffffffn);
  const polynomialHigh = Number(polynomial >> 32n);
  const low = new Uint32Array(8 * 256);
  const high = new Uint32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let lower = byte;
    let upper = 0;
    for (let bit = 0; bit < 8; bit++) {
      const carried = lower & 1;
      lower = (lower >>> 1) | (upper << 31);
      upper >>>= 1;
      if (carried) {
        lower ^= polynomialLow;
        upper ^= polynomialHigh;
      }
    }
    low[byte] = lower;
    high[byte] = upper;
  }
  for (let index = 256; index < low.length; index++) {
    const lower = low[index - 256] as number;
    const upper = high[index - 256] as number;
    low[index] = ((lower >>> 8) | (upper << 24)) ^ (low[lower & 0xff] as number);
    high[index] = (upper >>> 8) ^ (high[lower & 0xff] as number);
  }
  return { low, high };
}

const tablesOf = new Map<bigint, SliceTables>();

/** A CRC that is fed chunk by chunk. */
export class RunningCrc {
  readonly #parameters: CrcParameters;
  readonly #tables: SliceTables;
  #low = 0xffffffff;
  #high: number;

  constructor(parameters: CrcParameters) {
    this.#parameters = parameters;
    const known = tablesOf.get(parameters.polynomial);
    this.#tables = known ?? sliceTables(parameters.polynomial);
    tablesOf.set(parameters.polynomial, this.#tables);
    this.#high = parameters.width === 64 ? 0xffffffff : 0;
  }

  update(chunk: Uint8Array): void {
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const tableLow = this.#tables.low;
    const tableHigh = this.#tables.high;
    let low = this.#low;
    let high = this.#high;
    let offset = 0;
    for (const end = chunk.byteLength - 7; offset < end; offset += 8) {
      const first = low ^ view.getInt32(offset, true);
      const second = high ^ view.getInt32(offset + 4, true);
      low = 0;
      high = 0;
      for (let byte = 0; byte < 4; byte++) {
        const early = 256 * (7 - byte) + ((first >>> (8 * byte)) & 0xff);
        const late = 256 * (3 - byte) + ((second >>> (8 * byte)) & 0xff);
        low ^= (tableLow[early] as number) ^ (tableLow[late] as number);
        high ^= (tableHigh[early] as number) ^ (tableHigh[late] as number);
      }
    }
    for (; offset < chunk.byteLength; offset++) {
      const index = (low ^ view.getUint8(offset)) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ (tableLow[index] as number);
      high = (high >>> 8) ^ (tableHigh[index] as number);
    }
    this.#low = low;
    this.#high = high;
  }

  /** Big-endian bytes. */
  digest(): Buffer {
    const bytes = Buffer.alloc(8);
    bytes.writeInt32BE(~this.#high, 0);
    bytes.writeInt32BE(~this.#low, 4);
    return bytes.subarray(8 - this.#parameters.width / 8);
  }
}

/**
 * The CRC of two runs of bytes, one after the other, from the CRC of each: the first is multiplied by x to the power of
 * the bits that follow it, modulo the polynomial.
 */
export function combineCrc(parameters: CrcParameters, first: bigint, second: bigint, secondBytes: number): bigint {
  return multiply(parameters, first, powerOfX(parameters, secondBytes)) ^ second;
}

/** x to the power of `8 * bytes`. In reflected form the highest bit stands for x to the power of 0. */
function powerOfX(parameters: CrcParameters, bytes: number): bigint {
  const one = 1n << BigInt(parameters.width - 1);
  let result = one;
  let square = one >> 8n;
  for (let rest = BigInt(bytes); rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = multiply(parameters, result, square);
    square = multiply(parameters, square, square);
  }
  return result;
}

function multiply({ width, polynomial }: CrcParameters, left: bigint, right: bigint): bigint {
  let product = 0n;
  let shifted = right;
  for (let bit = BigInt(width - 1); bit >= 0n; bit--) {
    if ((left >> bit) & 1n) product ^= shifted;
    shifted = shifted & 1n ? (shifted >> 1n) ^ polynomial : shifted >> 1n;
  }
  return product;
}
