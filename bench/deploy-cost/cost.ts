import { type Price, prices } from "./prices.ts";

/** What one deploy used. */
export interface Usage {
  transitions: number;
  invocations: number;
  gigabyteSeconds: number;
  /** Calls by `service:Operation`. */
  calls: ReadonlyMap<string, number>;
  logBytes: number;
}

/** One line of the bill. */
export interface CostLine {
  price: Price;
  quantity: number;
  dollars: number;
}

/** What the deploy costs at list prices, line by line. S3's DELETE is free. */
export function costOf({ transitions, invocations, gigabyteSeconds, calls, logBytes }: Usage): CostLine[] {
  const s3 = [...calls].filter(([name]) => name.startsWith("s3:"));
  const counted = (pattern: RegExp) =>
    s3.filter(([name]) => pattern.test(name)).reduce((sum, [, count]) => sum + count, 0);
  const lines: [Price, number][] = [
    [prices.transition, transitions],
    [prices.invocation, invocations],
    [prices.gigabyteSecond, gigabyteSeconds],
    [prices.blockWritten, calls.get("ebs:PutSnapshotBlock") ?? 0],
    [prices.s3Write, counted(/^s3:(Put|Copy|List|Create|Upload|Complete)/)],
    [prices.s3Read, counted(/^s3:(Get|Head)/)],
    [prices.logGigabyte, logBytes / 1e9],
  ];
  return lines.map(([price, quantity]) => ({ price, quantity, dollars: quantity * price.dollars }));
}
