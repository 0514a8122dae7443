import type { Account } from "./account.ts";

/** What was seen. */
export interface Observation {
  /** Compared with what is assumed, and recorded for the conformance command. Ids and times do not belong here. */
  facts: Readonly<Record<string, unknown>>;
  /** Recorded, and compared with nothing. Unit: seconds. */
  seconds?: Readonly<Record<string, number>>;
}

/** One thing that only AWS can answer, and what Kiln or its embedded cloud takes for the answer until then. */
export interface Check {
  /** Kebab-case; part of the names of what it makes. */
  name: string;
  question: string;
  /** The facts as they are taken to be. */
  assumed: Readonly<Record<string, unknown>>;
  /** Where the assumption comes from, and what rests on it. */
  basis: string;
  /** At most. Unit: US cents, in us-east-1. */
  cents: number;
  run: (account: Account) => Promise<Observation>;
}

/** The name of the error that a call ends with; `none` when it goes through. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "none",
    (error: Error) => error.name,
  );
}

/** The same with the message, for assumptions about AWS's words. */
export async function refusalText(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "none",
    (error: Error) => `${error.name}: ${error.message}`,
  );
}
