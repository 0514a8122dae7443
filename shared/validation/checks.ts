import { allEnded } from "../all-ended.ts";
import { judgeAlarms, redAlarms } from "../domain/alarms.ts";
import { checkFunctionName, judgeAnswer } from "../domain/function-check.ts";
import type { Release } from "../domain/release.ts";
import { trialHeader } from "../domain/rules.ts";
import type { CheckReport } from "../domain/verdict.ts";
import type { ValidationWorld } from "./world.ts";

/** What a check is asked about. */
export interface Subject {
  release: Release;
  /** Of the fleet, once it is known. */
  targetGroupArn: string | undefined;
  /** Step of the strategy that is being watched; 0 before the first share of traffic too. */
  step: number;
}

/** One check beside target health: its reports, none when the spec asks for nothing of the kind. */
export type Check = (subject: Subject, world: ValidationWorld) => Promise<CheckReport[]>;

/** Asked of a healthy candidate, before it gets a share of traffic. */
export const candidateChecks: readonly Check[] = [probes, functions, greenAlarms];

/** Asked of a release that serves, at every look. */
export const servingChecks: readonly Check[] = [alarms];

/** Asks every check of a list; none waits for another. */
export async function ask(checks: readonly Check[], subject: Subject, world: ValidationWorld): Promise<CheckReport[]> {
  return (await allEnded(checks.map((check) => check(subject, world)))).flat();
}

async function probes({ release }: Subject, world: ValidationWorld): Promise<CheckReport[]> {
  const { healthCheck, validate } = release.spec;
  const first = { path: healthCheck.path, status: 200, count: 3 };
  const { samples, ...judged } = await world.probes.ask({
    origin: release.network.origin,
    host: hostOf(release),
    headers: { [trialHeader]: release.trialSecret },
    probes: validate.probes.length > 0 ? validate.probes : [first],
  });
  return [{ check: "probes", ...judged, evidence: samples }];
}

async function functions({ release }: Subject, world: ValidationWorld): Promise<CheckReport[]> {
  const { service, generation, version, network, trialSecret } = release;
  const request = {
    service,
    generation,
    version,
    origin: network.origin,
    host: hostOf(release),
    header: { name: trialHeader, value: trialSecret },
  };
  const asked = (release.spec.validate.functions ?? []).map(async ({ name, timeoutSeconds }) => {
    const functionName = checkFunctionName(world.config.stage, name);
    return judgeAnswer(name, await world.functions.ask(functionName, request, timeoutSeconds));
  });
  return Promise.all(asked);
}

/** Before there is traffic nobody expects data: only a red alarm counts. */
export async function greenAlarms({ release }: Subject, world: ValidationWorld): Promise<CheckReport[]> {
  const names = countingAlarms(release);
  const red = redAlarms(await world.alarms.states(names));
  return red ? [{ check: "alarms", verdict: "fail", reason: red }] : [];
}

async function alarms({ release }: Subject, world: ValidationWorld): Promise<CheckReport[]> {
  const names = countingAlarms(release);
  return names.length > 0 ? [judgeAlarms(await world.alarms.states(names))] : [];
}

/** Whoever deploys in spite of red alarms does not want them to decide: that deploy is to mend what they say. */
function countingAlarms({ spec, override }: Release): readonly string[] {
  return override === undefined ? (spec.alarms ?? []) : [];
}

/** A host name of the service that can be asked for. */
export function hostOf({ spec }: Release): string | undefined {
  return spec.route.hosts.find((host) => !/[*?]/.test(host));
}
