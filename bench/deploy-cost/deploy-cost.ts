import { setTimeout as delay } from "node:timers/promises";
import type { Followed } from "../../cli/execution/follow.ts";
import type { Figure, ResultTable } from "../../scripts/documents/performance-page.ts";
import { type BenchStage, openBenchStage } from "../embedded/bench-stage.ts";
import { type Bench, type BenchOptions, type Measurement, rounded } from "../measurement.ts";
import { type CostLine, costOf } from "./cost.ts";
import { type FunctionUse, usesSince } from "./invocations.ts";
import { type StateTurns, transitionsOf } from "./transitions.ts";

/** Aims of the project, for one deploy and apart from what EC2 itself costs. */
const aims = { transitions: 25, invocations: 12, calls: 60, dollars: 0.002 } as const;

/** Everything up to the first release only gets the stage ready, so it may go fast. */
const preparationFactor = 20;

const handlers = ["admit", "base", "bake", "launch", "validate", "probe", "cutover", "reap", "settle"];
const logGroups = [...handlers.map((name) => `/aws/lambda/kiln-dev-${name}`), "/aws/vendedlogs/states/kiln-dev-deploy"];

/** What one deploy makes AWS do, and what AWS asks for it. */
export const deployCost: Bench = { name: "deploy-cost", title: "One deploy: work and cost", run };

async function run({ progress }: BenchOptions): Promise<Measurement> {
  const bench = await openBenchStage(preparationFactor, progress);
  try {
    await bench.deploy("1.0.0");
    progress("the first release is live; deploying the second at AWS's own pace");
    bench.embedded.cloud.clock.setFactor(1);
    return await measure(bench);
  } finally {
    await bench.close();
  }
}

async function measure(bench: BenchStage): Promise<Measurement> {
  const { cloud, stage } = bench.embedded;
  const beganMs = cloud.clock.now();
  const calls = countCalls(bench);
  const deployed = await bench.deploy("1.1.0");
  calls.stop();
  // Step Functions and Lambda write their last log lines a moment after the end.
  await delay(2_000);
  const events = await stage.runs.events(deployed.execution, 0);
  const uses = await usesSince(stage.connection, logGroups, beganMs);
  return measurement(deployed, transitionsOf(events), calls.byHandler, uses);
}

/** Calls of each handler, by `service:Operation`. */
type CallsByHandler = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Lambda itself makes these with the function's role; no handler waits for them. */
const ofLambdaItself = "logs:PutLogEvents";

/** Counts the calls of Kiln's handlers, whoever else uses the cloud at the time. */
function countCalls({ embedded }: BenchStage): { byHandler: CallsByHandler; stop: () => void } {
  const byHandler = new Map(handlers.map((name) => [name, new Map<string, number>()]));
  const stop = embedded.cloud.kernel.on("call.answered", ({ service, operation, caller }) => {
    const counts = caller.kind === "role" ? byHandler.get(caller.name.replace("kiln-dev-", "")) : undefined;
    const name = `${service}:${operation}`;
    if (name !== ofLambdaItself) counts?.set(name, (counts.get(name) ?? 0) + 1);
  });
  return { byHandler, stop };
}

function together(byHandler: CallsByHandler): Map<string, number> {
  const all = new Map<string, number>();
  for (const counts of byHandler.values()) {
    for (const [name, count] of counts) all.set(name, (all.get(name) ?? 0) + count);
  }
  return all;
}

function measurement(
  deployed: Followed,
  turns: readonly StateTurns[],
  byHandler: CallsByHandler,
  uses: readonly FunctionUse[],
): Measurement {
  const calls = together(byHandler);
  const transitions = sum(turns.map((one) => one.transitions));
  const invocations = sum(uses.map((one) => one.invocations));
  const gigabyteSeconds = sum(uses.map((one) => (one.billedMs / 1000) * (one.memoryMegabytes / 1024)));
  const logBytes = sum(uses.map((one) => one.logBytes));
  const lines = costOf({ transitions, invocations, gigabyteSeconds, calls, logBytes });
  const blocks = calls.get("ebs:PutSnapshotBlock") ?? 0;
  const allCalls = sum([...calls.values()]);
  const figures: Figure[] = [
    { name: "State transitions", value: transitions, unit: "", atMost: aims.transitions },
    { name: "Lambda invocations", value: invocations, unit: "", atMost: aims.invocations },
    { name: "AWS calls without the blocks written", value: allCalls - blocks, unit: "", atMost: aims.calls },
    { name: "Blocks written", value: blocks, unit: "" },
    {
      name: "Cost at list prices, without EC2",
      value: sum(lines.map((line) => line.dollars)),
      unit: "$",
      atMost: aims.dollars,
    },
    { name: "Modelled time from Admit to Live", value: deployed.seconds, unit: "s" },
  ];
  return {
    settings: { artifact: "examples/web with the layer node-24", paceOfAws: 1 },
    figures,
    tables: [turnsTable(turns), usesTable(uses, byHandler), callsTable(calls), costTable(lines)],
    notes: notes(turns, blocks),
  };
}

function turnsTable(turns: readonly StateTurns[]): ResultTable {
  const rows = turns.map(({ state, turns: times, transitions }) => [state, String(times), String(transitions)]);
  return { title: "By state (with the choices and waits after it)", header: ["State", "Turns", "Transitions"], rows };
}

function callsTable(calls: ReadonlyMap<string, number>): ResultTable {
  const rows = [...calls].toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([a, x]) => [a, String(x)]);
  return { title: "AWS calls of the handlers, by name", header: ["Call", "Times"], rows };
}

function usesTable(uses: readonly FunctionUse[], byHandler: CallsByHandler): ResultTable {
  const rows = uses
    .filter(({ invocations }) => invocations > 0)
    .map((one) => {
      const calls = sum([...(byHandler.get(one.name)?.values() ?? [])]);
      return [one.name, one.invocations, one.coldStarts, one.memoryMegabytes, one.billedMs, calls].map(String);
    });
  const header = ["Function", "Invocations", "Cold starts", "Memory, MB", "Billed, ms", "AWS calls"];
  return { title: "Lambda invocations", header, rows };
}

function costTable(lines: readonly CostLine[]): ResultTable {
  const rows = lines.map(({ price, quantity, dollars }) => [
    price.item,
    String(rounded(quantity, 6)),
    `$${plain(price.dollars)} a ${price.per}`,
    `$${dollars.toFixed(6)}`,
    price.source,
  ]);
  return {
    title: "At list prices of US East (N. Virginia), 2026-11-23, without free tiers",
    header: ["Item", "Quantity", "Price", "Cost", "Source"],
    rows,
  };
}

/** A small number without an exponent: people compare it with a price list. */
function plain(dollars: number): string {
  return dollars.toFixed(12).replace(/0+$/, "");
}

function notes(turns: readonly StateTurns[], blocks: number): string[] {
  const looped = turns
    .filter((one) => one.turns > 1)
    .toSorted((a, b) => b.transitions - a.transitions)
    .map((one) => `${one.state} ${one.transitions}`);
  return [
    "A second release of a service that is live, pushed as the only thing that happens, at the pace of AWS, so that turns are neither more nor fewer than modelled times make them.",
    `What drives transitions, invocations and calls are the states that are asked again until something is ready: ${looped.join(", ")} transitions.`,
    `The ${blocks} blocks of 512 KiB are the header, the layer's archive and the artifact's; their number grows with what is pushed, so they stand apart from the other calls.`,
    "PutLogEvents, which Lambda itself makes with a function's role, is not among the calls.",
    "Lambda's durations are this machine's. Not in the cost: X-Ray traces, KMS requests, storage, and everything that EC2 and the load balancer cost.",
  ];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
