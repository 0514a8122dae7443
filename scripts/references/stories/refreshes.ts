import type { SimulatedStage } from "../../simulate/simulated-stage.ts";
import type { Reference } from "../reference.ts";
import { byAnn, hourMs, newest, publishNewerBase } from "./people.ts";

const now = { service: "web", reason: "its base is revoked", now: true };

/** A refresh, and the deploy that it starts. */
async function refreshed(stage: SimulatedStage, input: object = {}): Promise<string> {
  await stage.run("Refresh", input);
  await stage.idle();
  return newest(stage, "deploy");
}

/** Fleets are replaced on newer bases: how that goes, fails, pauses, and is undone. */
export const refreshStories: readonly Reference[] = [
  {
    name: "refresh-to-a-newer-base",
    begins: "one release",
    act: async (stage) => {
      publishNewerBase(stage);
      return refreshed(stage);
    },
    end: "Live",
    serves: "1",
  },
  {
    name: "refresh-undone",
    begins: "live and standby",
    act: async (stage) => {
      await refreshed(stage, now);
      const back = await stage.run("Rollback", { service: "web" });
      await stage.idle();
      return back.arn;
    },
    end: "RolledBack",
    serves: "2",
  },
  {
    // Three failures in a row pause it; whatever is deployed then resumes it.
    name: "refresh-that-fails",
    begins: "one release",
    act: async (stage) => {
      await stage.apply("web", { validate: { probes: [{ path: "/", status: 418 }], timeoutSeconds: 30 } });
      publishNewerBase(stage);
      for (let failures = 0; failures < 3; failures++) await refreshed(stage);
      await refreshed(stage);
      await stage.apply("web");
      return (await stage.deploy("web", "2")).arn;
    },
    end: "Live",
    serves: "2",
  },
  {
    name: "refresh-interrupted",
    begins: "one release",
    act: async (stage) => {
      await stage.run("Refresh", now);
      const deploy = newest(stage, "deploy");
      await stage.cloud.until(() => stage.stateOf(deploy) === "WaitForFleet", hourMs);
      await stage.stop(deploy);
      await stage.idle();
      return newest(stage, "sweep");
    },
    end: undefined,
    serves: "1",
  },
  {
    name: "refresh-left-alone",
    begins: "one release",
    act: async (stage) => {
      publishNewerBase(stage);
      await stage.cloud.complete(stage.ledger.freezes.write("web", { ...byAnn(stage, "the sale"), until: null }));
      await refreshed(stage);
      await stage.cloud.complete(stage.ledger.freezes.write("web", null));
      const old = await stage.cloud.complete(stage.ledger.release("web", "web-000001"));
      const basePin = { imageId: old?.base.imageId ?? "", ...byAnn(stage, "a driver") };
      await stage.cloud.complete(stage.ledger.updateHead("web", (head) => ({ ...head, basePin })));
      return (await stage.run("Refresh", {})).arn;
    },
    end: undefined,
    serves: "1",
  },
];
