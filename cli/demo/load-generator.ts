// A process of its own, so that the load neither starves the cloud nor is starved by it. Its parent gives the options as
// the only argument, hears the counts as messages, and says "stop"; a parent that is gone ends it too.
import { LoadClient, type LoadOptions } from "./load-client.ts";

/** How often the parent hears of the counts. Unit: milliseconds. */
const reportEveryMs = 250;

const client = new LoadClient(JSON.parse(process.argv[2] ?? "{}") as LoadOptions);
const report = (done: boolean) => {
  if (process.connected) process.send?.({ done, counts: client.tally.counts() });
};
process.on("message", () => client.stop());
process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches the whole group; the parent decides when the load ends.
process.on("SIGINT", () => {});

const reporting = setInterval(() => report(false), reportEveryMs);
await client.run();
clearInterval(reporting);
report(true);
