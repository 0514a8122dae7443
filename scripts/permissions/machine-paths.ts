import { publicBases } from "../../local/ec2/public-bases.ts";
import { SsmService } from "../../local/ssm/service.ts";
import { parseRecipe } from "../../shared/domain/recipe.ts";
import { knownBases } from "../../shared/domain/service-spec.ts";
import { handSetAlarm } from "../simulate/hand-set-alarm.ts";
import { hostOf } from "../simulate/hosts.ts";
import { makeManagedProfile, managedProfile } from "../simulate/managed-profile.ts";
import { type Scenario, scenarios } from "../simulate/scenarios.ts";
import { sealedGroup } from "../simulate/sealed-group.ts";
import type { SimulatedStage } from "../simulate/simulated-stage.ts";

/** A way through a state machine that the simulation's own scenarios do not take. */
type Path = Pick<Scenario, "name" | "begins" | "act" | "end">;

/** Runs the refresh machine, and every deploy that it starts. */
async function refresh(stage: SimulatedStage): Promise<string> {
  const { executionArn } = await stage.cloud.call<{ executionArn: string }>("states", "StartExecution", {
    // The machines differ in the last word of their names alone.
    stateMachineArn: stage.outputs["DeployMachine"]?.replace(/deploy$/, "refresh"),
    input: "{}",
  });
  await stage.ended(() => executionArn);
  await stage.idle();
  return executionArn;
}

/** Any other image that is plain Linux does for a newer one. */
function publishNewerBase(stage: SimulatedStage): void {
  const newer = publicBases.find(({ name }) => /^debian-12-amd64/.test(name))?.imageId ?? "";
  const ssm = stage.cloud.kernel.services().find((service) => service instanceof SsmService);
  ssm?.seedPublic(knownBases.al2023.x86_64, newer);
}

/** Deploys on a base of the service's own. @param exitCode Of each script that the build runs. */
async function deployOnRecipe(stage: SimulatedStage, exitCode: () => number): Promise<string> {
  const parsed = parseRecipe({ recipe: "runtime", files: [{ path: "/opt/version", content: "24" }], checks: ["true"] });
  if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
  await stage.cloud.complete(stage.recipes.apply(parsed.recipe));
  await stage.apply("web", { base: { recipe: "runtime" } });
  stage.cloud.scripted = () => ({ exitCode: exitCode(), stdout: "", stderr: "" });
  return (await stage.deploy("web", "2")).arn;
}

const further: readonly Path[] = [
  {
    name: "deploy-by-hand",
    begins: "one release",
    act: async (stage) => (await stage.run("Deploy", { service: "web" })).arn,
    end: "Live",
  },
  {
    name: "input-not-understood",
    begins: "nothing",
    act: async (stage) => (await stage.run("Deploy", { servise: "web" })).arn,
    end: "FailedClean",
  },
  {
    name: "failing-while-observed",
    begins: "one release",
    act: async (stage) => (await stage.deploy("web", "2-fading")).arn,
    end: "FailedClean",
  },
  {
    name: "never-listening",
    begins: "one release",
    act: async (stage) => (await stage.deploy("web", "2-crashing")).arn,
    end: "FailedClean",
  },
  {
    name: "cold-rollback",
    begins: "live and standby",
    act: async (stage) => {
      await stage.deploy("web", "3");
      return (await stage.run("Rollback", { service: "web", to: "web-000001" })).arn;
    },
    end: "RolledBack",
  },
  {
    name: "rollback-during-a-deploy",
    begins: "live and standby",
    act: async (stage) => {
      await stage.push("web", "3");
      // Once it waits for something it holds the lease.
      const holdsTheLease = () =>
        stage
          .executions("deploy")
          .some(({ arn, status }) => status === "RUNNING" && /^WaitFor/.test(stage.stateOf(arn) ?? ""));
      await stage.cloud.until(holdsTheLease, 600_000);
      const { arn } = await stage.run("Rollback", { service: "web" });
      await stage.idle();
      return arn;
    },
    end: "RolledBack",
  },
  {
    name: "golden-recipe",
    begins: "one release",
    act: (stage) => deployOnRecipe(stage, () => 0),
    end: "Live",
  },
  {
    name: "golden-recipe-that-fails-its-trial",
    begins: "one release",
    act: (stage) => {
      let scripts = 0;
      return deployOnRecipe(stage, () => (++scripts === 2 ? 1 : 0));
    },
    end: "FailedClean",
  },
  {
    name: "canary-with-approval",
    begins: "one release",
    act: async (stage) => {
      const deploy = { strategy: "canary", steps: [10], intervalSeconds: 30, approval: { deadlineSeconds: 600 } };
      const scaling = { cpuPercent: 50 };
      await stage.apply("web", { deploy, capacity: { min: 2, max: 4, scaling } });
      await stage.push("web", "2");
      const asked = () => stage.executions("deploy").find(({ arn }) => stage.stateOf(arn) === "AwaitApproval");
      await stage.cloud.until(() => asked() !== undefined, 600_000);
      // The state is entered before its function has written the question.
      await stage.cloud.until(() => false, 5_000);
      const { taskToken } = (await stage.cloud.complete(stage.ledger.approvals.read("web", "web-000002"))) ?? {};
      const output = JSON.stringify({ by: "a path", at: "2026-11-23T00:00:00Z", reason: "" });
      const arn = asked()?.arn ?? "";
      await stage.cloud.call("states", "SendTaskSuccess", { taskToken, output });
      await stage.idle();
      return arn;
    },
    end: "Live",
  },
  {
    name: "quarantine-of-a-failed-instance",
    begins: "one release",
    act: async (stage) => {
      const securityGroup = await sealedGroup(stage);
      await stage.apply("web", { validate: { timeoutSeconds: 60, quarantine: { minutes: 10, securityGroup } } });
      const { arn } = await stage.deploy("web", "2-unhealthy");
      await stage.cloud.until(() => false, 660_000);
      await stage.run("Sweep", {});
      return arn;
    },
    end: "FailedClean",
  },
  {
    name: "judged-canary-with-commands",
    begins: "one release",
    act: async (stage) => {
      await makeManagedProfile(stage);
      await stage.apply("web", {
        instanceProfile: managedProfile,
        validate: { commands: [{ name: "inside", run: "true" }] },
        deploy: { strategy: "canary", steps: [50], intervalSeconds: 30, judge: {}, once: { run: "true" } },
      });
      Object.assign(stage.cloud.publicTraffic, { host: hostOf("web"), perMinute: 2_000 });
      return (await stage.deploy("web", "2")).arn;
    },
    end: "Live",
  },
  {
    name: "alarm-in-the-hot-window",
    begins: "one release",
    act: async (stage) => {
      await stage.cloud.call("monitoring", "PutMetricAlarm", handSetAlarm("errors"));
      const state = (StateValue: string) =>
        stage.cloud.call("monitoring", "SetAlarmState", { AlarmName: "errors", StateValue, StateReason: "a path" });
      await state("OK");
      await stage.apply("web", { alarms: ["errors"] });
      await stage.deploy("web", "2");
      await state("ALARM");
      const over = () =>
        stage.executions("rollback").some(({ name, status }) => /-alarm-/.test(name) && status !== "RUNNING");
      await stage.cloud.until(over, 600_000);
      await stage.idle();
      return stage.executions("rollback").find(({ name }) => /-alarm-/.test(name))?.arn ?? "";
    },
    end: "RolledBack",
  },
  {
    name: "refresh-to-a-newer-base",
    begins: "one release",
    act: async (stage) => {
      publishNewerBase(stage);
      return refresh(stage);
    },
    end: "Refreshed",
  },
  {
    name: "experiment-from-start-to-end",
    begins: "one release",
    act: async (stage) => {
      publishNewerBase(stage);
      await stage.experiment("web", "blue");
      await stage.experiment("web", "blue", "2");
      await stage.run("Deploy", { service: "web", promote: "blue" });
      await stage.run("Deploy", { service: "web", experiment: { name: "brief", version: "1", hours: 1 } });
      await stage.run("Sweep", {});
      await stage.endExperiment("web", "blue");
      return (await stage.run("Sweep", {})).arn;
    },
    end: "Swept",
  },
  {
    name: "sweep-of-a-touched-instance",
    begins: "live and standby",
    act: async (stage) => {
      const isLive = ({ tags }: { tags: Record<string, string> }) => tags["kiln:generation"] === "web-000002";
      const rows = stage.cloud.kernel.store.collection<{ instanceId: string; tags: Record<string, string> }>(
        "ec2.instances",
      );
      const instanceId = rows.list().find(isLive)?.instanceId;
      return (await stage.run("Sweep", { touched: { instanceId, what: "StartSession", by: "a path" } })).arn;
    },
    end: "Swept",
  },
  {
    name: "sweep-after-a-revocation-that-was-cut-off",
    begins: "live and standby",
    act: async (stage) => {
      const revoked = { reason: "a path", by: "a path", at: "2026-11-23T00:00:00Z" };
      const revoke = (kind: "release" | "base", id: string) =>
        stage.cloud.complete(stage.ledger.revocations.update((all) => [...all, { kind, id, ...revoked }]));
      await revoke("release", "web-000002");
      await stage.run("Sweep", {});
      await stage.idle();
      const first = await stage.cloud.complete(stage.ledger.release("web", "web-000001"));
      publishNewerBase(stage);
      await revoke("base", first?.base.imageId ?? "");
      const { arn } = await stage.run("Sweep", {});
      await stage.idle();
      return arn;
    },
    end: "Swept",
  },
  {
    name: "sweep",
    begins: "live and standby",
    act: async (stage) => (await stage.run("Sweep", {})).arn,
    end: "Swept",
  },
];

/** Every kind of way that every state machine goes. */
export const machinePaths: readonly Path[] = [...scenarios, ...further];
