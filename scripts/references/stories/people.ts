import { publicBases } from "../../../local/ec2/public-bases.ts";
import { SsmService } from "../../../local/ssm/service.ts";
import { parseRecipe } from "../../../shared/domain/recipe.ts";
import { knownBases } from "../../../shared/domain/service-spec.ts";
import { handSetAlarm } from "../../simulate/hand-set-alarm.ts";
import type { SimulatedStage } from "../../simulate/simulated-stage.ts";

const elb = "elasticloadbalancing";

/** Unit: milliseconds of virtual time. */
export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;

/** Lets so much time pass. */
export async function pass(stage: SimulatedStage, ms: number): Promise<void> {
  await stage.cloud.until(() => false, ms);
}

/** The newest execution of a machine. */
export function newest(stage: SimulatedStage, machine: "deploy" | "rollback" | "sweep"): string {
  return stage.executions(machine).at(-1)?.arn ?? "";
}

/** AWS publishes a newer image where releases look for their base. */
export function publishNewerBase(stage: SimulatedStage): void {
  const ssm = stage.cloud.kernel.services().find((service) => service instanceof SsmService);
  // Any other image that is plain Linux does for a newer one.
  const newer = publicBases.find(({ name }) => /^debian-12-amd64/.test(name))?.imageId ?? "";
  ssm?.seedPublic(knownBases.al2023.x86_64, newer);
}

/** What `kiln base apply` writes. */
export async function applyRecipe(stage: SimulatedStage, content: string): Promise<void> {
  const files = [{ path: "/opt/runtime/version", content }];
  const parsed = parseRecipe({ recipe: "runtime", files, checks: ["true"] });
  if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
  await stage.cloud.complete(stage.recipes.apply(parsed.recipe));
}

/** An alarm of the user's own, in a state that somebody set. */
export async function setAlarm(stage: SimulatedStage, name: string, StateValue: "OK" | "ALARM"): Promise<void> {
  await stage.cloud.call("monitoring", "PutMetricAlarm", handSetAlarm(name));
  await stage.cloud.call("monitoring", "SetAlarmState", { AlarmName: name, StateValue, StateReason: "a story" });
}

/** What people write down of themselves. */
export function byAnn({ cloud }: SimulatedStage, reason: string) {
  return { reason, by: "ann", at: new Date(cloud.clock.now()).toISOString() };
}

interface Rule {
  RuleArn: string;
  Priority: string;
  Actions: { Type: string; TargetGroupArn?: string }[];
}

/** A rule of the listener that reads show, by its tags. */
export async function ruleOf({ cloud }: SimulatedStage, role: string): Promise<string> {
  const rules = cloud.kernel.store.collection<{ arn: string; tags: Record<string, string> }>(`${elb}.rules`).list();
  return rules.find(({ tags }) => tags["kiln:role"] === role)?.arn ?? "";
}

/** Somebody else's tooling sends what production's rule gets to one target group, that of a generation or another one. */
export async function revertRule(stage: SimulatedStage, TargetGroupArn: string): Promise<void> {
  const RuleArn = await ruleOf(stage, "production");
  await stage.cloud.call(elb, "ModifyRule", { RuleArn, Actions: [{ Type: "forward", TargetGroupArn }] });
}

/** The target group of a release. */
export function groupOf({ cloud }: SimulatedStage, generation: string): string {
  const groups = cloud.kernel.store.collection<{ arn: string; tags: Record<string, string> }>(`${elb}.groups`).list();
  return groups.find(({ tags }) => tags["kiln:generation"] === generation)?.arn ?? "";
}

/** Instances of a release that run. */
export function runningOf({ cloud }: SimulatedStage, generation: string): string[] {
  const rows = cloud.kernel.store
    .collection<{ instanceId: string; state: string; tags: Record<string, string> }>("ec2.instances")
    .list();
  return rows.flatMap(({ instanceId, state, tags }) =>
    state === "running" && tags["kiln:generation"] === generation ? [instanceId] : [],
  );
}

/**
 * What somebody had before Kiln: two servers of their own, and a rule for the service's host that leads to them.
 * @returns Their target group.
 */
export async function earlierServers(stage: SimulatedStage, host: string): Promise<string> {
  const call = <O>(service: string, operation: string, input: object) =>
    stage.cloud.complete(stage.cloud.call<O>(service, operation, input));
  const { Images } = await call<{ Images: { ImageId: string }[] }>("ec2", "DescribeImages", { Owners: ["amazon"] });
  const run = { ImageId: Images[0]?.ImageId, InstanceType: "t3.small", MinCount: 2, MaxCount: 2 };
  const { Instances } = await call<{ Instances: { InstanceId: string }[] }>("ec2", "RunInstances", run);
  const { Vpcs } = await call<{ Vpcs: { VpcId: string }[] }>("ec2", "DescribeVpcs", {});
  const group = { Name: "earlier", Protocol: "HTTP", Port: 9000, VpcId: Vpcs[0]?.VpcId };
  const made = await call<{ TargetGroups: { TargetGroupArn: string }[] }>(elb, "CreateTargetGroup", group);
  const TargetGroupArn = made.TargetGroups[0]?.TargetGroupArn ?? "";
  await pass(stage, minuteMs);
  const Targets = Instances.map(({ InstanceId }) => ({ Id: InstanceId }));
  await call(elb, "RegisterTargets", { TargetGroupArn, Targets });
  await call<Rule>(elb, "CreateRule", {
    ListenerArn: stage.cloud.visitors.listener.listenerArn,
    Priority: 100,
    Conditions: [{ Field: "host-header", Values: [host] }],
    Actions: [{ Type: "forward", TargetGroupArn }],
  });
  await pass(stage, 2 * minuteMs);
  return TargetGroupArn;
}

/** Somebody gives production's rule weights of their own. */
export async function reweigh(stage: SimulatedStage, weights: Readonly<Record<string, number>>): Promise<void> {
  const TargetGroups = Object.entries(weights).map(([generation, Weight]) => ({
    TargetGroupArn: groupOf(stage, generation),
    Weight,
  }));
  await stage.cloud.call(elb, "ModifyRule", {
    RuleArn: await ruleOf(stage, "production"),
    Actions: [{ Type: "forward", ForwardConfig: { TargetGroups } }],
  });
}

/** Programs of a release answer nobody any more. */
export function silence(stage: SimulatedStage, generation: string): void {
  for (const id of runningOf(stage, generation)) {
    stage.cloud.mute.add(id);
    stage.cloud.harmed.add(id, hourMs);
  }
}

/** Asks a function by hand, as the command line does. @returns Its answer, or its error. */
export async function asked(
  stage: SimulatedStage,
  output: string,
  request: object,
): Promise<Readonly<Record<string, unknown>>> {
  const Payload = Buffer.from(JSON.stringify(request));
  const answer = await stage.cloud.complete(
    stage.cloud.call<{ Payload: Uint8Array }>("lambda", "Invoke", { FunctionName: stage.outputs[output], Payload }),
  );
  return JSON.parse(Buffer.from(answer.Payload).toString("utf8"));
}
