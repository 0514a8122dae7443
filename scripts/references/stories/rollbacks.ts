import { at, pushed, wants } from "../../planted/scenes.ts";
import { hostOf } from "../../simulate/hosts.ts";
import type { SimulatedStage } from "../../simulate/simulated-stage.ts";
import type { Reference } from "../reference.ts";
import { hourMs, newest, pass, setAlarm, silence } from "./people.ts";

const drill = { service: "web", drill: { percent: 5 } };

/** Begins a drill and waits until the standby has its share. */
async function drilling(stage: SimulatedStage): Promise<string> {
  const arn = await stage.begin("Rollback", drill);
  await at(stage, arn, "WaitWhileDrilling");
  await pass(stage, 10_000);
  return arn;
}

/** Ways back, rehearsed ones as well. */
export const rollbackStories: readonly Reference[] = [
  {
    name: "drill-with-visitors",
    begins: "live and standby",
    act: async (stage) => {
      Object.assign(stage.cloud.publicTraffic, { host: hostOf("web"), perMinute: 60 });
      return (await stage.run("Rollback", drill)).arn;
    },
    end: "Drilled",
    serves: "2",
  },
  {
    name: "drill-that-fails",
    begins: "live and standby",
    act: async (stage) => {
      const arn = await drilling(stage);
      silence(stage, "web-000001");
      await stage.ended(() => arn);
      return arn;
    },
    end: "FailedClean",
    serves: "2",
  },
  {
    name: "drill-stopped",
    begins: "live and standby",
    act: async (stage) => {
      const arn = await drilling(stage);
      await stage.stop(arn);
      await stage.settle();
      await stage.idle();
      return newest(stage, "sweep");
    },
    end: "Swept",
    serves: "2",
  },
  {
    name: "drill-cut-short",
    begins: "live and standby",
    act: async (stage) => {
      await drilling(stage);
      return (await stage.deploy("web", "3")).arn;
    },
    end: "Live",
    serves: "3",
  },
  {
    name: "drill-pre-empted",
    begins: "live and standby",
    act: async (stage) => {
      await drilling(stage);
      return (await stage.run("Rollback", { service: "web" })).arn;
    },
    end: "RolledBack",
    serves: "1",
  },
  {
    name: "drill-refused",
    begins: "one release",
    act: async (stage) => (await stage.run("Rollback", drill)).arn,
    end: "FailedClean",
    serves: "1",
  },
  {
    name: "rollback-twice-to-a-cold-one",
    begins: "live and standby",
    act: async (stage) => {
      await stage.deploy("web", "3");
      await stage.settle();
      await stage.run("Rollback", { service: "web", to: "web-000001" });
      await stage.settle();
      return (await stage.run("Rollback", { service: "web", to: "web-000003" })).arn;
    },
    end: "RolledBack",
    serves: "3",
  },
  {
    name: "rollback-refused",
    begins: "one release",
    act: async (stage) => {
      await stage.run("Rollback", { service: "web", to: "web-000007" });
      return (await stage.run("Rollback", { service: "web" })).arn;
    },
    end: "FailedClean",
    serves: "1",
  },
  {
    name: "rollback-to-a-fleet-that-died",
    begins: "live and standby",
    act: async (stage) => {
      silence(stage, "web-000001");
      // Long enough to be called unhealthy, and not to be replaced.
      await pass(stage, 20_000);
      return (await stage.run("Rollback", { service: "web" })).arn;
    },
    end: undefined,
    serves: undefined,
  },
  {
    name: "rollback-to-a-smaller-standby",
    begins: "live and standby",
    act: async (stage) => {
      await wants(stage, "web-000002", 4);
      await stage.settle();
      await stage.settle();
      return (await stage.run("Rollback", { service: "web" })).arn;
    },
    end: "RolledBack",
    serves: "1",
  },
  {
    name: "rollback-from-what-died",
    begins: "live and standby",
    act: async (stage) => {
      silence(stage, "web-000002");
      await pass(stage, 20_000);
      return (await stage.run("Rollback", { service: "web" })).arn;
    },
    end: undefined,
    serves: undefined,
  },
  {
    name: "rollback-stopped-cold",
    begins: "live and cold",
    act: async (stage) => {
      const rollback = await stage.begin("Rollback", { service: "web" });
      await at(stage, rollback, "WaitForFleet");
      await stage.stop(rollback);
      await stage.idle();
      return newest(stage, "sweep");
    },
    end: undefined,
    serves: "2",
  },
  {
    name: "rollback-by-an-alarm",
    begins: "one release",
    act: async (stage) => {
      await stage.apply("web", { alarms: ["errors"] });
      await setAlarm(stage, "errors", "OK");
      await stage.deploy("web", "2");
      await stage.settle();
      await setAlarm(stage, "errors", "ALARM");
      await stage.cloud.until(() => stage.executions("rollback").length > 1, hourMs);
      await stage.idle();
      return newest(stage, "rollback");
    },
    end: "RolledBack",
    serves: "1",
  },
  {
    name: "rollback-of-an-approval",
    begins: "live and standby",
    act: async (stage) => {
      await stage.apply("web", { deploy: { approval: { deadlineSeconds: 600 } } });
      const deploy = await pushed(stage, "3");
      await at(stage, deploy, "AwaitApproval");
      await pass(stage, 5_000);
      return (await stage.run("Rollback", { service: "web" })).arn;
    },
    end: "RolledBack",
    serves: undefined,
  },
];
