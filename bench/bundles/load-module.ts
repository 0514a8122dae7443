// Loads one bundle and says how long that took: a process of its own for each, so that nothing is loaded already.
import { pathToFileURL } from "node:url";

export interface LoadedModule {
  milliseconds: number;
  /** User and system time of the whole process while it loaded. */
  cpuMilliseconds: number;
}

const file = pathToFileURL(JSON.parse(process.argv[2] ?? '""') as string);
const beganMs = performance.now();
const cpu = process.cpuUsage();
await import(file.href);
const milliseconds = performance.now() - beganMs;
const { user, system } = process.cpuUsage(cpu);
console.log(JSON.stringify({ milliseconds, cpuMilliseconds: (user + system) / 1000 } satisfies LoadedModule));
process.exit();
