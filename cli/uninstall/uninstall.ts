import type { Account } from "./account.ts";
import { fleetRemovals } from "./fleet-removals.ts";
import type { Pace, Removal } from "./removal.ts";
import { dataRemovals, parameterRemoval, stackRemovals } from "./stack-removals.ts";
import { type Clock, ledgerRemoval, trafficRemovals } from "./traffic-removals.ts";

/**
 * Everything Kiln made in its order: rules, so that nobody is sent to what goes; servers and what they are made of;
 * pointers; the key; the stack. What was pushed and the ledger go only with `deleteData`.
 */
export function removalsOf(account: Account, { deleteData }: { deleteData: boolean }, pace: Pace & Clock): Removal[] {
  return [
    ...trafficRemovals(account, pace),
    ...fleetRemovals(account),
    parameterRemoval(account),
    ...(deleteData ? [] : [ledgerRemoval(account)]),
    ...stackRemovals(account),
    ...(deleteData ? dataRemovals(account) : []),
  ];
}
