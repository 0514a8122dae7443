import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";

/**
 * `npm run test:kill -- [--rounds <n>] [--seed <n>]`: kills the embedded cloud at random moments of deploys, starts it
 * again, and looks whether anything it had answered is lost. The moments are drawn from the seed, as shares of what a
 * deploy takes on this machine.
 */
const { values } = parseArgs({
  options: { rounds: { type: "string", default: "50" }, seed: { type: "string", default: "1" } },
});
const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
if (!Number.isSafeInteger(rounds) || rounds < 1 || !Number.isSafeInteger(seed)) {
  console.error("usage: npm run test:kill -- [--rounds <whole number from 1>] [--seed <whole number>]");
  process.exit(2);
}

const root = join(import.meta.dirname, "..");
const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
const { status } = spawnSync(
  process.execPath,
  [vitest, "run", "--config", "vitest.e2e.config.ts", "--reporter=verbose", "test/e2e/kill.test.ts"],
  {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, KILN_KILL_ROUNDS: String(rounds), KILN_KILL_SEED: String(seed) },
  },
);
console.log(`the same moments again: npm run test:kill -- --rounds ${rounds} --seed ${seed}`);
process.exitCode = status ?? 1;
