import { readFileSync } from "node:fs";
import { runScript } from "./agent-script.ts";
import { UserData } from "./boot-scripts.ts";
import { ConsoleLog } from "./console-log.ts";
import type { InitConfig } from "./init-config.ts";
import { serveInit } from "./init-server.ts";
import { type MachineContext, PortPlaces } from "./machine-context.ts";
import { ProcessGroups } from "./process-groups.ts";
import { systemctl } from "./systemctl.ts";
import { Units } from "./units.ts";

/**
 * The first program of a machine: it serves the host's socket, starts enabled services, runs the user data at the first
 * boot, and ends everything when it is told to shut down or when the host is gone.
 */

/** Ports a machine without a network of its own can give to its programs. */
const reservedPorts = 4;

const [configFile = ""] = process.argv.slice(2);
const config = JSON.parse(readFileSync(configFile, "utf8")) as InitConfig;
const ports = new PortPlaces();
if (config.address === undefined) await ports.reserve(reservedPorts);

const machine: MachineContext = {
  root: config.root,
  seenRoot: config.hasOwnRoot ? "" : config.root,
  console: new ConsoleLog(config.consoleFile),
  groups: new ProcessGroups(config.groupsFile),
  deathSignalCommand: config.deathSignalCommand,
  placed: config.address === undefined ? onHostsLoopback : (environment) => environment,
};
const units = new Units(machine);
const userData = new UserData(machine);

// The host holds the other end of standard input: when it ends, the cloud is gone, and its machines go with it.
process.stdin.on("end", endNow);
process.stdin.on("error", endNow);
process.stdin.resume();

await serveInit(config.socket, {
  target,
  systemctl: (args) => systemctl(units, args),
  run: (script, limitSeconds, gone) => runScript(machine, script, { limitSeconds, gone }),
  shutDown,
});
machine.console.line("systemd[1]", `Booting ${config.id}.`);
process.stdout.write("ready\n");
await units.startEnabled();
if (config.userDataFile !== undefined) await userData.runOnce(config.userDataFile);
process.stdout.write("booted\n");

function target(port: number): { host: string; port: number } | undefined {
  if (config.address !== undefined) return { host: config.address, port };
  const place = ports.placeOf(port);
  return place === undefined ? undefined : { host: "127.0.0.1", port: place };
}

/** A program told to listen on a port gets another one of the host's, on loopback. */
function onHostsLoopback(environment: Record<string, string>): Record<string, string> {
  const port = Number(environment["PORT"]);
  if (!Number.isInteger(port) || port < 1) return environment;
  return { ...environment, HOST: "127.0.0.1", PORT: String(ports.placeFor(port)) };
}

async function shutDown(): Promise<void> {
  machine.console.line("systemd[1]", "Shutting down.");
  userData.kill();
  await units.stopAll();
  machine.groups.killAll();
  machine.console.line("systemd[1]", "Reached target poweroff.target.");
  // The answer goes out first.
  setImmediate(() => setImmediate(() => process.exit(0)));
}

function endNow(): void {
  machine.groups.killAll();
  process.exit(1);
}
