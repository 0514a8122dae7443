import { paginateDescribeListeners, paginateDescribeLoadBalancers } from "@aws-sdk/client-elastic-load-balancing-v2";
import { Documents } from "../../shared/aws/documents.ts";
import { Ledger } from "../../shared/aws/ledger.ts";
import { type KilnRule, Traffic } from "../../shared/aws/traffic.ts";
import { dismantled, propagationSeconds } from "../../shared/domain/head.ts";
import { stateOf } from "../../shared/domain/rule-record.ts";
import { isNamed } from "../../shared/errors.ts";
import { type Account, dataBuckets } from "./account.ts";
import type { Holding, Pace, Removal } from "./removal.ts";

/** What removing traffic needs beside the account. */
export interface Clock extends Pick<Pace, "sleep"> {
  /** Unit: milliseconds since the Unix epoch. */
  now: () => number;
}

/**
 * Kiln's rules, experiments' first: each listener then answers as its owner wrote it. Servers are left alone until every
 * node of the load balancer must have followed.
 */
export function trafficRemovals(account: Account, { now, sleep }: Clock): Removal[] {
  const traffic = new Traffic(account.elb, account.stage);
  const ledger = ledgerOf(account);
  let rules: KilnRule[] = [];
  const listed = async (role: KilnRule["role"]): Promise<Holding[]> => {
    rules = (await Promise.all((await listeners(account)).map((arn) => traffic.rules(arn)))).flat();
    const those = rules.filter((rule) => rule.role === role);
    const notes = {
      production: ({ service }: KilnRule) => `${service}; what answered before Kiln answers again`,
      experiment: ({ service }: KilnRule) => service,
      trial: ({ generation }: KilnRule) => generation,
    };
    return those.map((rule) => ({ id: rule.arn, note: notes[role](rule) }));
  };
  const forget = async ({ id }: Holding) => {
    const rule = rules.find(({ arn }) => arn === id);
    if (rule !== undefined && rule.role !== "trial") {
      const record = { from: stateOf(rule), to: null };
      await ifThere(() => ledger.announceRuleChange(rule.service, now(), record));
    }
    await traffic.delete(id);
  };
  const propagated = async () => {
    for (const service of await services(ledger)) {
      const { ruleChangedAt } = await ledger.head(service);
      const sinceMs = ruleChangedAt === null ? Number.POSITIVE_INFINITY : now() - Date.parse(ruleChangedAt);
      // A cloud whose clock runs ahead of this computer's has written a time to come.
      if (sinceMs < propagationSeconds * 1000) await sleep(propagationSeconds * 1000 - Math.max(0, sinceMs));
    }
  };
  return [
    { kind: "experiment rule", list: () => listed("experiment"), remove: forget },
    { kind: "production rule", list: () => listed("production"), remove: forget, after: propagated },
    { kind: "trial rule", list: () => listed("trial"), remove: forget },
  ];
}

/** The ledger that stays says that nothing stands any more, so that a later installation begins with what is true. */
export function ledgerRemoval(account: Account): Removal {
  const ledger = ledgerOf(account);
  const standing = async () => {
    const heads = await Promise.all((await services(ledger)).map((service) => ledger.head(service)));
    return heads.filter((head) => dismantled(head) !== head);
  };
  return {
    kind: "head of service",
    list: async () => (await standing()).map(({ service }) => ({ id: service })),
    remove: async ({ id }) => void (await ledger.updateHead(id, dismantled)),
  };
}

function ledgerOf(account: Account): Ledger {
  return new Ledger(new Documents(account.s3, dataBuckets(account).ledger));
}

/** Services and experiments: each has a head. */
async function services(ledger: Ledger): Promise<string[]> {
  const found = await ifThere(async () => [...(await ledger.services()), ...(await ledger.experiments())]);
  return found ?? [];
}

/** The ledger may be gone, when it was removed before. */
async function ifThere<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (isNamed(error, "NoSuchBucket")) return undefined;
    throw error;
  }
}

async function listeners({ elb }: Account): Promise<string[]> {
  const found: string[] = [];
  for await (const { LoadBalancers = [] } of paginateDescribeLoadBalancers({ client: elb }, {})) {
    for (const { LoadBalancerArn, Type } of LoadBalancers) {
      if (Type !== "application") continue;
      for await (const { Listeners = [] } of paginateDescribeListeners({ client: elb }, { LoadBalancerArn })) {
        found.push(...Listeners.flatMap(({ ListenerArn }) => ListenerArn ?? []));
      }
    }
  }
  return found;
}
