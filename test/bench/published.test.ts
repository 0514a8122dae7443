import { expect, it } from "vitest";
import { parse } from "yaml";
import { awsShares } from "../../bench/latency/published.ts";
import { readProjectFile } from "../../scripts/documents/document.ts";
import { firstLookSeconds } from "../../shared/domain/pace.ts";

const shares = awsShares({
  healthCheck: { path: "/health", intervalSeconds: 5, timeoutSeconds: 4, healthyThreshold: 2, unhealthyThreshold: 3 },
});

it("gives AWS its share only in phases that the deploy machine has", () => {
  const { States } = parse(readProjectFile("statemachines/deploy.asl.yaml")) as { States: Record<string, unknown> };
  const phases = Object.keys(shares).filter((phase) => phase !== "Trigger");
  expect(phases.filter((phase) => !(phase in States))).toEqual([]);
});

it("counts the health checks that the spec asks for", () => {
  expect(shares["LaunchFleet"]?.seconds).toBeCloseTo(4.8 + 18 + 3 + 10);
});

it("takes nothing from Kiln's share that Kiln's own wait does not cover", () => {
  const firstLook = firstLookSeconds({ healthyThreshold: 2, intervalSeconds: 5 });
  expect(shares["LaunchFleet"]?.seconds).toBeLessThanOrEqual(firstLook);
});
