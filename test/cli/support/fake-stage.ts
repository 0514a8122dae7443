import type { Stage } from "../../../cli/aws/stage.ts";
import type { HistoryEvent } from "../../../shared/aws/ledger.ts";
import { emptyHead, type Head } from "../../../shared/domain/head.ts";
import type { Release } from "../../../shared/domain/release.ts";
import { targetGroupOf } from "../../../shared/fleet-names.ts";
import { releaseWith } from "./releases.ts";

/** A stage in which `web` was deployed twice and settled: web-000002 serves, web-000001 stands by. */
export function settledStage(changes: Partial<Record<keyof Stage, unknown>> = {}): Stage {
  const releases = new Map(
    ["web-000001", "web-000002"].map((generation): [string, Release] => [generation, releaseWith({ generation })]),
  );
  const head: Head = {
    ...emptyHead("web"),
    live: { generation: "web-000002", since: "2026-01-01T01:00:00.000Z" },
    standby: { generation: "web-000001", until: "2026-01-01T02:00:00.000Z" },
    kept: ["web-000001", "web-000002"],
  };
  const history: HistoryEvent[] = [
    { event: "validated", at: "2026-01-01T00:58:00.000Z", execution: "arn:e", health: "2 of 2 targets healthy" },
    { event: "live", at: "2026-01-01T01:00:00.000Z", execution: "arn:e", standby: "web-000001" },
  ];
  const stage = {
    name: "dev",
    pollMs: 1,
    outputs: { ReapFunction: "kiln-dev-reap" },
    ledger: {
      services: async () => ["web"],
      head: async () => head,
      lease: async () => ({ owner: null, fence: 2, activeFrom: "2026-01-01T00:00:00.000Z" }),
      generations: async () => [...releases.keys()],
      wayBack: async () => ({
        provedAt: "2026-01-01T01:30:00.000Z",
        generation: "web-000001",
        promised: "hot",
        way: "hot",
        problems: [],
        measured: { hot: [12], cold: [] },
      }),
      release: async (_service: string, generation: string) => releases.get(generation),
      history: async () => history,
      refusals: async () => [],
      parts: { inventory: async () => undefined },
    },
    parameters: {
      read: async (name: string) => (name.endsWith("/live") ? JSON.stringify({ generation: "web-000002" }) : undefined),
    },
    recipes: { builds: async () => [] },
    executions: { status: async () => "ended" },
    functions: { ask: async () => ({ plan: [] }) },
    fleets: {
      read: async (name: string) => ({
        name,
        inService: 2,
        desired: 2,
        min: 2,
        max: 4,
        instanceIds: [],
        deleting: false,
      }),
    },
    targetGroups: {
      find: async (name: string) => `arn:${name}`,
      health: async () => ({ healthy: 2, total: 2, reasons: [] }),
    },
    traffic: {
      standing: async () => ({
        own: [
          {
            priority: 39_999,
            conditions: [{ field: "path-pattern", values: ["/*"] }],
            weights: [
              { targetGroupArn: `arn:${targetGroupOf("dev", "web-000002")}`, weight: 1 },
              { targetGroupArn: `arn:${targetGroupOf("dev", "web-000001")}`, weight: 0 },
            ],
          },
        ],
        others: [],
      }),
    },
    ...changes,
  };
  return stage as unknown as Stage;
}
