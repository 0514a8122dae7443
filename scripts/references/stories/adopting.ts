import { hostOf } from "../../simulate/hosts.ts";
import type { SimulatedStage } from "../../simulate/simulated-stage.ts";
import type { Reference } from "../reference.ts";
import { earlierServers, hourMs, newest, revertRule } from "./people.ts";

/** A service that other servers carry until Kiln does. */
async function carried(stage: SimulatedStage, spec: object = {}): Promise<string> {
  const earlier = await earlierServers(stage, hostOf("web"));
  await stage.apply("web", { adopt: true, ...spec });
  return earlier;
}

async function backAndForth(stage: SimulatedStage): Promise<string> {
  await carried(stage);
  await stage.deploy("web", "1");
  await stage.run("Rollback", { service: "web" });
  await stage.settle();
  return (await stage.run("Rollback", { service: "web" })).arn;
}

/** Generation 0: what answered before Kiln, and answers again when Kiln's rule goes. */
export const adoptingStories: readonly Reference[] = [
  {
    name: "adopting-and-back-and-forth",
    begins: "nothing",
    act: backAndForth,
    end: "RolledBack",
    serves: "1",
  },
  {
    // What stands by is checked as before, so the next way back is by one rule change again.
    name: "back-and-denied-the-rule-once",
    begins: "nothing",
    act: async (stage) => {
      await backAndForth(stage);
      await stage.idle();
      return (await stage.run("Rollback", { service: "web" })).arn;
    },
    faults: [{ at: "rollback 2 cutover elasticloadbalancing:CreateRule 1", kind: "denied" }],
    end: "RolledBack",
    serves: "1",
  },
  {
    name: "adopting-failed",
    begins: "nothing",
    act: async (stage) => {
      await carried(stage);
      return (await stage.deploy("web", "1-fading")).arn;
    },
    end: "FailedClean",
    serves: undefined,
  },
  {
    name: "adopting-a-smaller-fleet",
    begins: "nothing",
    act: async (stage) => {
      await carried(stage, { capacity: { min: 1, max: 3 } });
      return (await stage.deploy("web", "1")).arn;
    },
    end: "Live",
    serves: "1",
  },
  {
    // Nothing that was before Kiln answers any more.
    name: "adopted-servers-gone",
    begins: "nothing",
    act: async (stage) => {
      const earlier = await carried(stage);
      await stage.deploy("web", "1");
      const { TargetHealthDescriptions: targets } = await stage.cloud.call<{
        TargetHealthDescriptions: { Target: { Id: string } }[];
      }>("elasticloadbalancing", "DescribeTargetHealth", { TargetGroupArn: earlier });
      const InstanceIds = targets.map(({ Target }) => Target.Id);
      await stage.cloud.call("ec2", "TerminateInstances", { InstanceIds });
      await stage.settle();
      return (await stage.run("Rollback", { service: "web" })).arn;
    },
    end: undefined,
    serves: "1",
  },
  {
    name: "rule-reverted",
    begins: "nothing",
    act: async (stage) => {
      const earlier = await carried(stage);
      await stage.deploy("web", "1");
      await stage.settle();
      await revertRule(stage, earlier);
      await stage.run("Rollback", { service: "web", to: "web-000001" });
      await stage.run("Sweep", {});
      await stage.idle();
      return (await stage.run("Deploy", { service: "web", acceptRule: true })).arn;
    },
    end: "Live",
    serves: "1",
  },
  {
    name: "rule-reverted-while-observing",
    begins: "nothing",
    act: async (stage) => {
      const earlier = await carried(stage, { observeSeconds: 300 });
      await stage.deploy("web", "1");
      await stage.settle();
      await stage.push("web", "2");
      const observes = () => stage.stateOf(newest(stage, "deploy")) === "WaitWhileObserving";
      await stage.cloud.until(observes, hourMs);
      await revertRule(stage, earlier);
      await stage.idle();
      const deploy = newest(stage, "deploy");
      await stage.run("Deploy", { service: "web", acceptRule: true });
      return deploy;
    },
    end: "FailedClean",
    serves: undefined,
  },
  {
    name: "adopting-and-back-crashing",
    begins: "nothing",
    act: backAndForth,
    faults: [
      { at: "rollback 1 cutover elasticloadbalancing:DeleteRule 1", kind: "crash" },
      { at: "rollback 1 settle s3:PutObject 1", kind: "crash" },
    ],
    end: "RolledBack",
    serves: "1",
  },
];
