import { expect, test } from "vitest";
import type { Stage } from "../../../cli/aws/stage.ts";
import { progressOf, statusTree } from "../../../cli/commands/status-tree.ts";
import { watchStatus } from "../../../cli/commands/status-watch.ts";
import { ExecutionFold } from "../../../cli/execution/fold.ts";
import { plain } from "../../../cli/terminal/colour.ts";
import { emptyHead } from "../../../shared/domain/head.ts";

const startMs = Date.parse("2026-01-01T00:00:00Z");
const at = (seconds: number) => new Date(startMs + seconds * 1000);
const events = [
  { id: 1, type: "ExecutionStarted", timestamp: at(0) },
  { id: 2, type: "TaskStateEntered", timestamp: at(0), stateEnteredEventDetails: { name: "Admit" } },
  { id: 3, type: "TaskStateEntered", timestamp: at(4), stateEnteredEventDetails: { name: "BakeImage" } },
  { id: 4, type: "TaskStateEntered", timestamp: at(9), stateEnteredEventDetails: { name: "BakeImage" } },
] as const;

test("fleets and the phases of what is under way are branches of their service", () => {
  const fold = new ExecutionFold();
  fold.add(events);
  const progress = progressOf("arn:aws:states:r:a:execution:kiln-dev-deploy:e1", fold, at(9).getTime());
  const fleet = {
    version: "1.0.0",
    instances: 2,
    wanted: 2,
    healthy: 2,
    weight: 1,
    drainSeconds: 30,
    stopSeconds: 20,
    time: "",
  };
  const lines = statusTree(
    "dev",
    [
      {
        service: "web",
        url: "http://127.0.0.1:8080",
        fleets: [{ ...fleet, role: "live", generation: "web-000001" }],
        underWay: "arn:e1",
        unexplained: undefined,
        cost: undefined,
        notes: [],
        progress,
      },
    ],
    plain,
  );
  expect(lines).toEqual([
    "web  http://127.0.0.1:8080",
    "├─ live  web-000001  1.0.0  2 healthy of 2/2  gets requests  drains 30 s, stops within 20 s",
    "└─ under way  e1",
    "     ✓  Admit      4.0 s",
    "     …  BakeImage  5.0 s  2 turns",
  ]);
});

test("watching asks for events it has not seen, and ends when it is told to", async () => {
  const execution = "arn:aws:states:r:a:execution:kiln-dev-deploy:e1";
  const asked: number[] = [];
  const written: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const stage = {
    name: "dev",
    ledger: {
      head: async (name: string) => ({
        ...emptyHead(name),
        ...(name === "web"
          ? { pending: { execution, generation: "web-000001" } }
          : { known: ["web.blue-000001"], experiment: { until: "2026-11-24T12:00:00Z", size: 1 } }),
      }),
      experiments: async () => ["api.red", "web.blue"],
      lease: async () => undefined,
      wayBack: async () => undefined,
      release: async () => undefined,
    },
    fleets: { read: async () => undefined },
    targetGroups: { find: async () => undefined },
    runs: {
      events: async (_execution: string, afterId: number) => {
        asked.push(afterId);
        if (asked.length === 1) return events.slice(0, 2);
        resolve();
        return events.slice(2);
      },
    },
  } as unknown as Stage;
  const screen = { write: (text: string) => written.push(text) };
  const last = await watchStatus(stage, "web", screen, 1, promise);
  expect(asked).toEqual([0, 2]);
  expect(written).toHaveLength(2);
  expect(written[1]).toContain("…  BakeImage");
  expect(written[1]).toContain("web blue  starting");
  expect(written.join("")).not.toContain("api red");
  expect(last).toMatchObject([{ service: "web", underWay: execution }]);
});
