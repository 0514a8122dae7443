import type { Standing } from "../aws/traffic.ts";
import { servingGroup } from "../domain/cutover.ts";
import { experimentPlaces } from "../domain/experiment-places.ts";
import { generationZero, type Head } from "../domain/head.ts";
import { namedRule, takesSame } from "../domain/listener-rules.ts";
import { experimentOf } from "../domain/names.ts";
import type { Network } from "../domain/release.ts";
import { productionPlaces } from "../domain/rule-places.ts";
import { accepting, unexplained } from "../domain/rule-record.ts";
import type { ServiceSpec } from "../domain/service-spec.ts";
import { RouteRefusedError, ShrinkRefusedError } from "../errors.ts";
import { readGenerationZero } from "../generation-zero.ts";
import { ruleConflict } from "../rule-judgement.ts";
import type { AdmissionWorld } from "./world.ts";

/**
 * Refuses what the listener cannot give: requests that are somebody else's, a rule that somebody else changed, a first
 * fleet that would be smaller than what answers until now. Before anything exists on AWS.
 * @param acceptRule Go on from the listener as it is.
 */
export async function admitRoute(
  asked: { spec: ServiceSpec; network: Network; acceptRule: boolean; execution: string },
  head: Head,
  world: AdmissionWorld,
): Promise<void> {
  const { spec, network } = asked;
  const { service, route } = spec;
  const { own, others } = await world.traffic.standing(network.listenerArn, service);
  // While another deploy or a drill is under way the rule may change between two looks; cutover judges it under the lease.
  if (!head.drill && (!head.pending || head.pending.execution === asked.execution)) {
    await judgeRule({ own, others }, asked.acceptRule, head, world);
  }
  const [rule] = own;
  const adopt = spec.adopt || own.some((one) => takesSame(one, route));
  const applicant = { stage: world.config.stage, service, route, adopt };
  const find = experimentOf(service) ? experimentPlaces : productionPlaces;
  const places = find(applicant, [...own, ...others]);
  if (!rule) {
    if ("refusal" in places) throw new RouteRefusedError(places.refusal.problem, places.refusal.fix);
    return refuseSmaller(spec, others, world);
  }
  // A rule that stands keeps its priority; only hosts and paths that the spec names anew can clash.
  if (takesSame(rule, route)) return;
  if ("refusal" in places) throw new RouteRefusedError(places.refusal.problem, places.refusal.fix);
  if (!places.before || places.before.priority > rule.priority) return;
  throw new RouteRefusedError(
    `${namedRule(places.before)} takes what ${service} asks for anew, in front of its own rule (priority ${rule.priority}).`,
    "Give that rule a later priority, or name other hosts or paths (route).",
  );
}

async function judgeRule(
  { own, others }: Pick<Standing, "own" | "others">,
  acceptRule: boolean,
  head: Head,
  { ledger }: AdmissionWorld,
): Promise<void> {
  const difference = unexplained(head.service, head.rule, own, others);
  if (difference === undefined) return;
  if (!acceptRule) throw ruleConflict(difference);
  await ledger.updateHead(head.service, (present) => ({ ...present, rule: accepting(own, others) }));
}

/** @throws {RuleConflictError} when somebody else changed the listener, unless that is accepted. */
export async function judgeListener(
  head: Head,
  listenerArn: string,
  acceptRule: boolean,
  world: AdmissionWorld,
): Promise<void> {
  await judgeRule(await world.traffic.standing(listenerArn, head.service), acceptRule, head, world);
}

async function refuseSmaller(spec: ServiceSpec, others: Standing["others"], world: AdmissionWorld): Promise<void> {
  const zero = await readGenerationZero(others, spec.route, world.targetGroups);
  if (!zero || spec.allowShrink || zero.health.healthy <= spec.capacity.max) return;
  throw new ShrinkRefusedError(
    `capacity.max is ${spec.capacity.max}, but ${zero.health.healthy} targets answer these requests now.`,
    "Raise it, or say allowShrink: true, when Kiln's servers are larger ones.",
  );
}

/** Generation 0, when the service can go back to it from what serves now. */
export async function zeroBehind(
  head: Head,
  listenerArn: string,
  route: ServiceSpec["route"],
  world: Pick<AdmissionWorld, "traffic" | "targetGroups">,
): Promise<string | undefined> {
  const { own, others } = await world.traffic.standing(listenerArn, head.service);
  const [rule] = own;
  if (!rule || servingGroup(rule.weights) === undefined) return undefined;
  return (await readGenerationZero(others, route, world.targetGroups)) && generationZero(head.service);
}
