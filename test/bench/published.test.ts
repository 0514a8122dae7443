import { expect, it } from "vitest";
import { parse } from "yaml";
import { awsShares } from "../../bench/latency/published.ts";
import { readProjectFile } from "../../scripts/documents/document.ts";

const shares = awsShares({
  healthCheck: { path: "/health", intervalSeconds: 5, timeoutSeconds: 4, healthyThreshold: 2, unhealthyThreshold: 3 },
});

it("gives AWS its share only in phases that the deploy machine has", () => {
  const { States } = parse(readProjectFile("statemachines/deploy.asl.yaml")) as { States: Record<string, unknown> };
  const phases = Object.keys(shares).filter((phase) => phase !== "Trigger");
  expect(phases.filter((phase) => !(phase in States))).toEqual([]);
});

it("counts the health checks that the spec asks for", () => {
  expect(shares["ValidateFleet"]?.seconds).toBe(13);
});

it("never credits Kiln with what the embedded cloud does faster than AWS", () => {
  const longer = Object.values(shares).filter(({ seconds, modelledSeconds = seconds }) => modelledSeconds > seconds);
  expect(longer).toEqual([]);
  expect(shares["LaunchFleet"]).toMatchObject({ seconds: 22.8, modelledSeconds: 18 });
});
