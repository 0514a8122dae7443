import { AwsError } from "../core/aws-error.ts";
import { invalid } from "./errors.ts";

/** One page of a list. `most` is the operation's largest MaxRecords, which is also its default here. */
export function page<T>(
  items: readonly T[],
  { NextToken, MaxRecords }: { NextToken?: string | undefined; MaxRecords?: number | undefined },
  most = 100,
): { items: T[]; NextToken: string | undefined } {
  const size = MaxRecords ?? most;
  if (size < 1 || size > most) throw invalid(`MaxRecords must be between 1 and ${most}`);
  const from = NextToken === undefined ? 0 : Number(Buffer.from(NextToken, "base64").toString());
  if (!Number.isInteger(from) || from < 0) throw new AwsError("InvalidNextToken", "The NextToken value is not valid.");
  const to = from + size;
  return {
    items: items.slice(from, to),
    NextToken: to < items.length ? Buffer.from(String(to)).toString("base64") : undefined,
  };
}
