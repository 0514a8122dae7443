import { CloudWatchClient, GetMetricStatisticsCommand } from "@aws-sdk/client-cloudwatch";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientConfiguration } from "../../cli/aws/connection.ts";
import { parameterNames } from "../../shared/aws/parameters.ts";
import { readLogs } from "./support/logs.ts";
import { hearNotifications } from "./support/notifications.ts";
import { until } from "./support/until.ts";
import { examples, type SteadyLoad, soonGivenUp } from "./support/visitor.ts";
import { openWorld, type World } from "./support/world.ts";

let world: World;
let load: SteadyLoad;
let notifications: Awaited<ReturnType<typeof hearNotifications>>;

beforeAll(async () => {
  world = await openWorld({ timeFactor: 15 });
  notifications = await hearNotifications(world.stage.connection);
});
afterAll(async () => world?.close());

describe("a first deployment", () => {
  it("goes live under the production rule, with no standby", async () => {
    const ended = await world.ended(await world.push("1.0.0"));
    expect(ended).toMatchObject({ status: "SUCCEEDED" });
    expect(ended.path).toEqual([
      "Admit",
      "BakeImage",
      "LaunchFleet",
      "ValidateFleet",
      "CutOver",
      "Observe",
      "Settle",
      "Live",
    ]);
    await world.answers("1.0.0");
    const inventory = await world.inventory();
    expect(inventory.production).toEqual([{ service: "web", weights: [{ generation: "web-000001", weight: 1 }] }]);
    expect(inventory.of("web-000001")).toMatchObject({ fleet: 1, "target group": 1, instance: 2, image: 1 });
    expect(inventory.of("web-000001")).not.toHaveProperty("trial rule");
    expect(await world.stage.parameters.read(parameterNames.live("dev", "web"))).toContain("web-000001");
    expect((await world.stage.ledger.lease("web"))?.owner).toBeNull();
  });
});

describe("a release that does not work", () => {
  beforeAll(async () => {
    await world.apply(soonGivenUp);
    load = world.steadyLoad();
  });
  afterAll(() => world.apply({}));

  it.each([
    ["exits at once", examples.exits, "2.0.1"],
    ["never listens", examples.neverListens, "2.0.2"],
    ["fails its health path", examples.unhealthy, "2.0.3"],
  ])(
    "ends FailedClean with a named cause when its program %s, and leaves nothing",
    async (_title, directory, version) => {
      const ended = await world.ended(await world.push(version, directory));
      expect(ended).toMatchObject({ status: "FAILED", error: "ValidationFailedError" });
      expect(ended.path.slice(-4)).toEqual(["RestoreTraffic", "ReapCandidate", "SettleFailure", "FailedClean"]);
      expect(ended.path).not.toContain("CutOver");
      expect(ended.cause).toMatch(/targets are not healthy: 0 of 2 targets healthy/);

      const head = await world.stage.ledger.head("web");
      expect(head).toMatchObject({ live: { generation: "web-000001" }, pending: null, known: ["web-000001"] });
      const inventory = await world.inventory();
      expect(inventory.generations()).toEqual(["web-000001"]);
      expect(inventory.production[0]?.weights).toEqual([{ generation: "web-000001", weight: 1 }]);
      expect((await world.live()).version).toBe("1.0.0");
    },
  );

  it("keeps what the program said as evidence in the release's history", async () => {
    const history = await world.stage.ledger.history("web", "web-000003");
    const failed = history.find(({ event }) => event === "validation-failed");
    expect(JSON.stringify(failed?.["console"])).toContain("kiln: started web, release web-000003");
    expect(failed?.["reason"]).toMatch(/Target\./);
  });

  it("never disturbed the live service", async () => {
    const counts = await load.stop();
    expect(counts.requests).toBeGreaterThan(100);
    expect(counts.failed).toBe(0);
  });
});

describe("an upload that is refused", () => {
  it("names an unknown service, and creates nothing", async () => {
    const ended = await world.ended(await world.start("deploy", { service: "nobody" }));
    expect(ended).toMatchObject({ status: "FAILED", error: "UnknownServiceError" });
    expect(ended.cause).toContain("kiln service apply");
    expect((await world.inventory()).generations()).toEqual(["web-000001"]);
  });

  it("names a version that was never pushed", async () => {
    const ended = await world.ended(await world.start("deploy", { service: "web", version: "7.7.7" }));
    expect(ended).toMatchObject({ status: "FAILED", error: "ArtifactMissingError" });
  });

  it("says what is wrong with a mistyped input", async () => {
    const ended = await world.ended(await world.start("deploy", { service: "web", verison: "1.0.0" }));
    expect(ended).toMatchObject({
      status: "FAILED",
      error: "ManualInputError",
      cause: expect.stringContaining("verison"),
    });
  });
});

describe("deploys that meet", () => {
  it("skips an upload of the same bytes as what is live", async () => {
    const ended = await world.ended(await world.push("1.0.0"));
    expect(ended.path).toEqual(["Admit", "Skipped"]);
    expect(ended.output).toMatchObject({ reason: expect.stringContaining("unchanged") });
  });

  it("skips a second delivery of the same upload's event", async () => {
    const first = await world.push("1.1.0");
    const input = JSON.parse((await world.stage.runs.describe(first)).input ?? "{}");
    const second = await world.start("deploy", input);
    expect((await world.ended(second)).path).toEqual(["Admit", "Skipped"]);
    expect((await world.ended(first)).status).toBe("SUCCEEDED");
  });

  it("lets a newer upload supersede one that waits, and never runs two at once", async () => {
    const running = await world.push("1.2.0");
    const waiting = await world.push("1.3.0");
    const newest = await world.push("1.4.0");
    const [first, second, third] = [await world.ended(running), await world.ended(waiting), await world.ended(newest)];
    expect(first.status).toBe("SUCCEEDED");
    expect(second.path).toEqual(["Admit", "Skipped"]);
    expect(second.output).toMatchObject({ reason: expect.stringContaining("superseded") });
    expect(third.status).toBe("SUCCEEDED");
    await world.answers("1.4.0");
    const { live, standby } = await world.stage.ledger.head("web");
    const [now, before] = await Promise.all(
      [live?.generation, standby?.generation].map((name) => world.stage.ledger.release("web", name ?? "")),
    );
    expect([now?.version, before?.version]).toEqual(["1.4.0", "1.2.0"]);
  });

  it("deploys again by hand without baking when nothing changed", async () => {
    const imagesBefore = (await world.inventory()).holdings.filter(({ kind }) => kind === "image").length;
    const ended = await world.ended(await world.start("deploy", { service: "web" }));
    expect(ended.status).toBe("SUCCEEDED");
    const after = await world.inventory();
    expect(after.holdings.filter(({ kind }) => kind === "image")).toHaveLength(imagesBefore);
    // Live and its standby: every older fleet is gone.
    expect(after.holdings.filter(({ kind }) => kind === "fleet")).toHaveLength(2);
  });
});

describe("a spec that changes which requests are the service's", () => {
  it("moves the rule's conditions together with its traffic", async () => {
    await world.apply({ route: { hosts: ["shop.example"], paths: [] } });
    const narrowed = await world.ended(await world.push("1.5.0"));
    expect(narrowed, narrowed.cause).toMatchObject({ status: "SUCCEEDED" });
    // Requests for other names fall to the listener's own answer once every node has followed.
    await until("other names to be nobody's", async () => (await world.live()).status === 503);
    await world.apply({});
    const widened = await world.ended(await world.push("1.6.0"));
    expect(widened, widened.cause).toMatchObject({ status: "SUCCEEDED" });
    await world.answers("1.6.0");
  });
});

describe("whoever listens", () => {
  it("hears of every ending, with the place of its record, and of nothing else", async () => {
    await until("the last ending to be heard", async () =>
      (await notifications.heard()).some((text) => /web-000009\/.*\.live\.json/.test(text)),
    );
    const heard = await notifications.heard();
    const about = (generation: string, event: string) =>
      heard.filter((text) => text.includes(`/history/${generation}/`) && text.includes(`.${event}.json.`));
    for (const generation of ["web-000001", "web-000005"]) expect(about(generation, "live")).toHaveLength(1);
    for (const generation of ["web-000002", "web-000003", "web-000004"]) {
      expect(about(generation, "failed")).toHaveLength(1);
      expect(about(generation, "live")).toEqual([]);
    }
    expect(heard.filter((text) => text.includes("services/web/refused/"))).not.toEqual([]);
    expect(heard.filter((text) => /\.(launched|validated|cut-over)\.json/.test(text))).toEqual([]);
    expect(heard[0]).toMatch(
      /^"?Kiln dev, .*: services\/web\/history\/web-000001\/.*\.live\.json\. All of it: aws s3 cp s3:\/\/kiln-dev-ledger-/,
    );
  });

  it("can count deploys, how many failed, and how long they took, from Kiln's metrics", async () => {
    const cloudWatch = new CloudWatchClient(clientConfiguration(world.stage.connection));
    const ofMetric = async (MetricName: string) => {
      const Dimensions = ["Stage", "Service"].map((Name, index) => ({ Name, Value: index === 0 ? "dev" : "web" }));
      const day = 86_400_000;
      const [StartTime, EndTime] = [new Date(Date.now() - day), new Date(Date.now() + day)];
      const asked = { Namespace: "Kiln", MetricName, Dimensions, StartTime, EndTime, Period: 86_400 };
      const { Datapoints = [] } = await cloudWatch.send(
        new GetMetricStatisticsCommand({ ...asked, Statistics: ["Sum", "SampleCount", "Minimum"] }),
      );
      const sum = (statistic: "Sum" | "SampleCount") =>
        Datapoints.reduce((total, point) => total + (point[statistic] ?? 0), 0);
      return {
        sum: sum("Sum"),
        count: sum("SampleCount"),
        least: Math.min(...Datapoints.map((point) => point.Minimum ?? 0)),
      };
    };
    const [deploys, failed, lead] = await Promise.all(["Deploys", "DeployFailed", "LeadTime"].map(ofMetric));
    expect(failed).toMatchObject({ sum: 3, count: deploys?.sum });
    expect(lead?.count).toBe((deploys?.sum ?? 0) - 3);
    expect(lead?.least).toBeGreaterThan(10);
  });
});

describe("whoever reads the logs", () => {
  it("finds each handler's lines by execution, release, request and trace, and no candidate's secret", async () => {
    const handlers = ["admit", "bake", "launch", "validate", "cutover", "settle"];
    const groups = handlers.map((name) => `/aws/lambda/kiln-dev-${name}`);
    const logs = [...(await readLogs(world.stage.connection, groups)).values()].join("\n");
    const lines = logs
      .split("\n")
      .flatMap((line): Record<string, unknown>[] => (line.startsWith("{") ? [JSON.parse(line)] : []));
    const [{ execution = "" } = {}] = await world.stage.ledger.history("web", "web-000001");
    const told = lines.filter((line) => line.execution === execution);
    expect([...new Set(told.map(({ service }) => service))].sort()).toEqual(
      handlers.map((name) => `kiln-${name}`).sort(),
    );
    for (const line of told) {
      expect(line).toMatchObject({
        deployedService: "web",
        generation: "web-000001",
        function_request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        xray_trace_id: expect.stringMatching(/^1-[0-9a-f]{8}-[0-9a-f]{24}$/),
      });
    }
    const released = ["web-000001", "web-000002", "web-000005"].map((name) => world.stage.ledger.release("web", name));
    const secrets = (await Promise.all(released)).map((release) => release?.trialSecret ?? "");
    expect(secrets.every((secret) => secret.length === 32)).toBe(true);
    expect(secrets.filter((secret) => logs.includes(secret))).toEqual([]);
  });
});
