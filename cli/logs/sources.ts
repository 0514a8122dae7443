import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { EC2Client } from "@aws-sdk/client-ec2";
import { Instances } from "../../shared/aws/instances.ts";
import type { HistoryEvent } from "../../shared/aws/ledger.ts";
import { fleetName } from "../../shared/domain/names.ts";
import type { Release } from "../../shared/domain/release.ts";
import { clientConfiguration } from "../aws/connection.ts";
import { HandlerLogs } from "../aws/handler-logs.ts";
import type { Stage } from "../aws/stage.ts";
import { consoleLines, keptConsoleLines, probeLines } from "./evidence-lines.ts";
import type { LogLine, LogSource } from "./line.ts";
import { machineLines } from "./machine-lines.ts";

/** Unit: milliseconds before a release was frozen in which its admission logged already. */
const admissionMs = 600_000;

/** Everything the wanted sources say about a release, in no order. */
export async function readSources(stage: Stage, release: Release, wanted: readonly LogSource[]): Promise<LogLine[]> {
  const { service, generation } = release;
  const history = await stage.ledger.history(service, generation);
  const executions = [...new Set([release.execution, ...history.map(({ execution }) => execution)])];
  const readers: Record<LogSource, () => Promise<LogLine[]>> = {
    machine: () => ofMachines(stage, executions),
    instances: () => ofInstances(stage, generation, history),
    probes: async () => probeLines(history),
    functions: () => ofFunctions(stage, release, executions),
  };
  return (await Promise.all(wanted.map((source) => readers[source]()))).flat();
}

async function ofMachines(stage: Stage, executions: readonly string[]): Promise<LogLine[]> {
  const all = await Promise.all(
    executions.map(async (execution) => machineLines(execution, await stage.runs.events(execution, 0))),
  );
  return all.flat();
}

async function ofInstances(stage: Stage, generation: string, history: readonly HistoryEvent[]): Promise<LogLine[]> {
  const ec2 = new EC2Client(clientConfiguration(stage.connection));
  const instances = new Instances(ec2);
  try {
    const fleet = await stage.fleets.read(fleetName(stage.name, generation));
    const running = fleet?.instanceIds ?? [];
    const present = await Promise.all(
      running.map(async (id) => consoleLines(id, (await instances.console(id)) ?? "(no output)")),
    );
    const kept = keptConsoleLines(history).filter(({ from }) => !running.includes(from));
    return [...kept, ...present.flat()];
  } finally {
    ec2.destroy();
  }
}

async function ofFunctions(stage: Stage, release: Release, executions: readonly string[]): Promise<LogLine[]> {
  const client = new CloudWatchLogsClient(clientConfiguration(stage.connection));
  try {
    const logs = new HandlerLogs(client, stage.name);
    return await logs.naming([release.generation, ...executions], Date.parse(release.createdAt) - admissionMs);
  } finally {
    client.destroy();
  }
}
