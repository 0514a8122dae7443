import * as z from "zod/mini";
import { experimentLimits } from "./experiment.ts";
import { inOneLine, problemsOf } from "./problems.ts";

const { size, hours } = experimentLimits;

/** What whoever starts an experiment may say about it. */
export const termsSchema = z.strictObject({
  /** Unit: instances. */
  size: z.optional(z.int().check(z.minimum(size.least), z.maximum(size.most))),
  /** Unit: hours. */
  hours: z.optional(z.int().check(z.minimum(hours.least), z.maximum(hours.most))),
  /** A host name of its own, without wildcards; left out, a header reaches it. */
  host: z.optional(z.string().check(z.regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, "must be a host name"), z.maxLength(128))),
});

export type Terms = z.infer<typeof termsSchema>;

/** Names of the object metadata (`x-amz-meta-…`) by which an upload says them. */
const metadataNames = { size: "experiment-size", hours: "experiment-hours", host: "experiment-host" } as const;

/** The metadata that says these terms. */
export function metadataOfTerms(terms: Terms): Record<string, string> {
  const said = [
    [metadataNames.size, terms.size],
    [metadataNames.hours, terms.hours],
    [metadataNames.host, terms.host],
  ] as const;
  return Object.fromEntries(said.flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])));
}

/** The terms that an object's metadata says, or what is wrong with them. */
export function termsIn(metadata: Readonly<Record<string, string>>): { terms: Terms } | { problem: string } {
  const { [metadataNames.size]: servers, [metadataNames.hours]: time, [metadataNames.host]: host } = metadata;
  const parsed = termsSchema.safeParse({
    ...(servers !== undefined && { size: Number(servers) }),
    ...(time !== undefined && { hours: Number(time) }),
    ...(host !== undefined && { host }),
  });
  return parsed.success ? { terms: parsed.data } : { problem: inOneLine(problemsOf(parsed.error)) };
}
