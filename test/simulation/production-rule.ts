import { expect } from "vitest";
import { type SimulatedStage, stageName } from "../../scripts/simulate/simulated-stage.ts";
import { targetGroupOf } from "../../shared/fleet-names.ts";

interface Group {
  TargetGroupArn?: string;
  Weight?: number;
}

/** The production rule's weights by generation, groups at weight 0 included. */
export function weights(stage: SimulatedStage): Record<string, number> {
  const rows = <T>(name: string) => stage.cloud.kernel.store.collection<T>(name).list();
  const rules = rows<{ tags: Record<string, string>; actions: { ForwardConfig?: { TargetGroups?: Group[] } }[] }>(
    "elasticloadbalancing.rules",
  );
  const rule = rules.find(({ tags }) => tags["kiln:role"] === "production" && tags["kiln:service"] === "web");
  const groups = rows<{ arn: string; name: string }>("elasticloadbalancing.groups");
  const nameOf = (arn?: string) => groups.find((group) => group.arn === arn)?.name;
  const generations = ["web-000001", "web-000002", "web-000003"];
  return Object.fromEntries(
    (rule?.actions[0]?.ForwardConfig?.TargetGroups ?? []).map(({ TargetGroupArn, Weight }) => {
      const name = nameOf(TargetGroupArn);
      return [generations.find((one) => targetGroupOf(stageName, one) === name) ?? "unknown", Weight ?? 0];
    }),
  );
}

/**
 * Every different state of the rule from now on, in order.
 * @param also What else is to be looked at after each event.
 */
export function watchWeights(stage: SimulatedStage, also: () => void = () => {}): Record<string, number>[] {
  const seen = [weights(stage)];
  stage.cloud.afterEvent = () => {
    also();
    const now = weights(stage);
    if (JSON.stringify(now) !== JSON.stringify(seen.at(-1))) seen.push(now);
  };
  return seen;
}

/** Runs the cloud until something is so, for an hour at most. */
export async function until(stage: SimulatedStage, what: () => boolean): Promise<void> {
  expect(await stage.cloud.until(what, 3_600_000)).toBe(true);
}

/** What somebody's Terraform does: everything to the first release. */
export async function reverted(stage: SimulatedStage): Promise<void> {
  const rules = stage.cloud.kernel.store
    .collection<{ arn: string; tags: Record<string, string> }>("elasticloadbalancing.rules")
    .list();
  const rule = rules.find(({ tags }) => tags["kiln:role"] === "production" && tags["kiln:service"] === "web");
  const groups = stage.cloud.kernel.store.collection<{ arn: string; name: string }>("elasticloadbalancing.groups");
  const live = groups.list().find(({ name }) => name === targetGroupOf(stageName, "web-000001"));
  await stage.cloud.call("elasticloadbalancing", "ModifyRule", {
    RuleArn: rule?.arn,
    Actions: [{ Type: "forward", TargetGroupArn: live?.arn }],
  });
}
