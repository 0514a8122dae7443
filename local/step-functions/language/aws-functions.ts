import { createHash } from "node:crypto";
import jsonata from "jsonata";
import type { Clock } from "../../core/clock.ts";
import type { Random } from "../../core/random.ts";
import { javaRandomDouble } from "./java-random.ts";

const hashNames: Readonly<Record<string, string>> = {
  MD5: "md5",
  "SHA-1": "sha1",
  "SHA-256": "sha256",
  "SHA-384": "sha384",
  "SHA-512": "sha512",
};

const formatted = jsonata("$fromMillis($at, $picture, $zone)");

/**
 * The functions Step Functions adds to JSONata, and the ones of JSONata that read clock or chance, bound to the cloud's
 * own. `$eval` is not there: calling it is calling a non-function, as on AWS.
 * Source: Step Functions guide, "Transforming data with JSONata".
 */
export function awsFunctions(clock: Clock, random: Random): Record<string, unknown> {
  return {
    partition,
    range,
    hash,
    parse: (text: unknown) => (text === undefined ? undefined : JSON.parse(String(text))),
    random: (seed: unknown) => (seed === undefined ? random.next() : javaRandomDouble(Number(seed))),
    uuid: () => random.uuid(),
    eval: undefined,
    millis: () => clock.now(),
    now: (picture?: string, zone?: string) =>
      picture === undefined
        ? new Date(clock.now()).toISOString()
        : formatted.evaluate(undefined, { at: clock.now(), picture, zone }),
    shuffle: (values: unknown[] | undefined) => (values === undefined ? undefined : shuffle(values, random)),
  };
}

function partition(values: unknown, size: unknown): unknown {
  if (values === undefined || size === undefined) return undefined;
  const list = Array.isArray(values) ? values : [values];
  const length = Math.trunc(Number(size));
  if (!(length > 0)) throw new Error("The size of a partition must be a positive number");
  const parts: unknown[][] = [];
  for (let start = 0; start < list.length; start += length) parts.push(list.slice(start, start + length));
  return parts;
}

/** Both ends included when the step lands on the end; fractions are cut towards zero. */
function range(first: unknown, last: unknown, step: unknown): unknown {
  if (first === undefined || last === undefined || step === undefined) return undefined;
  const [from, to, by] = [first, last, step].map((value) => Math.trunc(Number(value))) as [number, number, number];
  if (by === 0) return undefined;
  const count = Math.floor((to - from) / by) + 1;
  if (count > rangeElementsMax) {
    throw new Error("Expression evaluation memory limit exceeded: Check for excessive memory usage");
  }
  return Array.from({ length: Math.max(0, count) }, (_, index) => from + index * by);
}

/** AWS's limit is on memory; its edge was measured at this many numbers (floci-io/floci issue 2737). */
const rangeElementsMax = 873_782;

function hash(text: unknown, algorithm: unknown): unknown {
  if (text === undefined || algorithm === undefined) return undefined;
  const name = hashNames[String(algorithm)];
  if (!name) throw new Error(`Unsupported hash algorithm: ${String(algorithm)}`);
  return createHash(name).update(String(text)).digest("hex");
}

function shuffle(values: readonly unknown[], random: Random): unknown[] {
  const mixed = [...values];
  for (let index = mixed.length - 1; index > 0; index--) {
    const other = Math.floor(random.next() * (index + 1));
    [mixed[index], mixed[other]] = [mixed[other], mixed[index]];
  }
  return mixed;
}
