import { beforeAll, describe, expect, it } from "vitest";
import { type Installation, installActions, installPolicy } from "../../cli/install/install-policy.ts";
import { deployPackage, type PackageFiles } from "../../local/cloudformation/deploy-package.ts";
import type { Caller } from "../../local/core/kernel.ts";
import { packageInMemory } from "../../scripts/simulate/package-files.ts";
import { preloadModels } from "../../scripts/simulate/preload.ts";
import { SimulatedCloud, type Snapshot } from "../../scripts/simulate/simulated-cloud.ts";
import { stageName } from "../../scripts/simulate/simulated-stage.ts";

const stackName = `kiln-${stageName}`;
let files: PackageFiles;
let changed: PackageFiles;
let at: Installation;

/** What is done with a stack in its life. */
const phases = ["install", "update", "remove"] as const;
type Phase = (typeof phases)[number];
/** The cloud before each phase. */
const before = new Map<Phase, Snapshot>();
/** Actions that were judged for the installer, with the phase that needed each first. */
const used = new Map<string, Phase>();

/** The package with something changed in each resource that an update of Kiln would change. */
function changedPackage(of: PackageFiles, prefix: string): PackageFiles {
  const read = async (name: string) => {
    const bytes = await of.read(name);
    if (!name.endsWith(".json")) return bytes;
    // Bundles of another build lie in another place.
    const text = Buffer.from(bytes).toString("utf8").replaceAll(prefix, `${prefix}-next`);
    if (name !== "cloudformation-template-update-stack.json") return Buffer.from(text);
    const template = JSON.parse(text);
    for (const { Type, Properties: own = {} } of Object.values<{ Type: string; Properties?: Record<string, unknown> }>(
      template.Resources,
    )) {
      if (Type === "AWS::Lambda::Function")
        Object.assign(own, { MemorySize: 1024, Tags: [{ Key: "new", Value: "1" }] });
      if (Type === "AWS::IAM::Role") {
        const [first, ...rest] = own["Policies"] as { PolicyName: string }[];
        own["Policies"] = [{ ...first, PolicyName: `${first?.PolicyName}-new` }, ...rest];
      }
      if (Type === "AWS::Logs::LogGroup") own["RetentionInDays"] = 60;
      if (Type === "AWS::SQS::Queue") own["MessageRetentionPeriod"] = 600_000;
      if (Type === "AWS::StepFunctions::StateMachine") own["TracingConfiguration"] = { Enabled: false };
      if (Type === "AWS::CloudWatch::Alarm") own["AlarmDescription"] = "new";
      if (["AWS::Events::Rule", "AWS::Scheduler::Schedule", "AWS::KMS::Key"].includes(Type)) own["Description"] = "new";
    }
    return Buffer.from(JSON.stringify(template));
  };
  return { names: of.names, read };
}

async function open(snapshot?: Snapshot): Promise<{ cloud: SimulatedCloud; installer: Caller }> {
  const cloud = new SimulatedCloud(1, snapshot);
  await cloud.start();
  const arn = `arn:aws:iam::${cloud.kernel.settings.accountId}:user/installer`;
  return { cloud, installer: { ...cloud.administrator, name: "installer", arn } };
}

/** Gives the installer a policy instead of the one it has. */
async function allow(cloud: SimulatedCloud, without?: string): Promise<void> {
  const PolicyDocument = JSON.stringify(installPolicy(at, without));
  const made = cloud.call<{ Policy: { Arn: string } }>("iam", "CreatePolicy", {
    PolicyName: without === undefined ? "install" : "install-less",
    PolicyDocument,
  });
  const PolicyArn = (await cloud.complete(made)).Policy.Arn;
  await cloud.complete(cloud.call("iam", "AttachUserPolicy", { UserName: "installer", PolicyArn }));
  if (without === undefined) return;
  const all = PolicyArn.replace("install-less", "install");
  await cloud.complete(cloud.call("iam", "DetachUserPolicy", { UserName: "installer", PolicyArn: all }));
}

/** @throws when the phase does not end well. */
async function run(phase: Phase, cloud: SimulatedCloud, caller: Caller): Promise<void> {
  if (phase === "remove") return cloud.complete(remove(cloud, caller));
  const directory = phase === "install" ? files : changed;
  await cloud.complete(deployPackage(cloud.kernel, { directory, stackName, caller }));
}

async function remove(cloud: SimulatedCloud, caller: Caller): Promise<void> {
  const { kernel, clock } = cloud;
  const call = <O>(service: string, operation: string, input: object) =>
    kernel.call<O>(service, operation, input, caller);
  const found = await call<{ StackResourceDetail: { PhysicalResourceId: string } }>(
    "cloudformation",
    "DescribeStackResource",
    { StackName: stackName, LogicalResourceId: "ServerlessDeploymentBucket" },
  );
  const Bucket = found.StackResourceDetail.PhysicalResourceId;
  const listed = await call<{ Versions?: { Key: string; VersionId: string }[] }>("s3", "ListObjectVersions", {
    Bucket,
  });
  for (const { Key, VersionId } of listed.Versions ?? []) await call("s3", "DeleteObject", { Bucket, Key, VersionId });
  await call("cloudformation", "DeleteStack", { StackName: stackName });
  const stack = () => cloud.call<{ Stacks: { StackStatus: string }[] }>("cloudformation", "DescribeStacks", {});
  for (;;) {
    const [first] = (await stack()).Stacks;
    if (!first) return;
    if (first.StackStatus === "DELETE_FAILED") throw new Error("the stack could not be deleted");
    await new Promise<void>((resolve) => void clock.at(clock.now() + 1000, resolve));
  }
}

beforeAll(async () => {
  await preloadModels();
  files = await packageInMemory(stageName);
  const state = JSON.parse(Buffer.from(await files.read("serverless-state.json")).toString("utf8"));
  changed = changedPackage(files, state.package.artifactDirectoryName);

  const { cloud, installer } = await open();
  const { accountId, region } = cloud.kernel.settings;
  at = { stage: stageName, partition: "aws", accountId, region };
  await cloud.complete(cloud.call("iam", "CreateUser", { UserName: "installer" }));
  await allow(cloud);
  let present: Phase = "install";
  const judge = cloud.kernel.judge;
  cloud.kernel.judge = (caller, requirement) => {
    if (caller.name === "installer" && !used.has(requirement.action)) used.set(requirement.action, present);
    return judge(caller, requirement);
  };
  for (const phase of phases) {
    present = phase;
    before.set(phase, cloud.snapshot());
    await run(phase, cloud, installer);
  }
}, 120_000);

describe("a principal with the published policy alone", () => {
  it("installs, updates and removes the packaged stack, using every action but those that AWS alone asks for", () => {
    const needed = installActions().filter(({ why }) => why === null);
    expect([...used.keys()].sort()).toEqual(needed.map(({ action }) => action).sort());
  });

  it("has no action twice, none of another service than the stack's, and fits into one managed policy", () => {
    const actions = installActions().map(({ action }) => action);
    expect(new Set(actions).size).toBe(actions.length);
    expect(actions.filter((action) => action.includes("*"))).toEqual([]);
    // IAM quotas: 6,144 characters, without white space.
    const longest = { ...at, stage: "twelve-chars", region: "ap-southeast-2", partition: "aws-us-gov" };
    expect(JSON.stringify(installPolicy(longest)).length).toBeLessThanOrEqual(6_144);
  });

  it("fails when any one action is taken away", async () => {
    const harmless: string[] = [];
    for (const [action, phase] of used) {
      const { cloud, installer } = await open(before.get(phase));
      await allow(cloud, action);
      const ended = await run(phase, cloud, installer).then(
        () => "well",
        (error: Error) => error.message,
      );
      if (ended === "well") harmless.push(`${action} in ${phase}`);
    }
    expect(harmless).toEqual([]);
  });
});
