import { pythonTools } from "./python-tools.ts";
import type { Step } from "./run-step.ts";

/** What needs nothing but Node. Time limits are several times what two slow cores take. */
export const quickSteps: readonly Step[] = [
  { name: "types", command: "tsc", args: ["--noEmit", "--project", "."], limitSeconds: 300 },
  { name: "lint", command: "biome", args: ["check", "--error-on-warnings", "."], limitSeconds: 120 },
  { name: "unused", command: "knip", args: ["--no-progress"], limitSeconds: 180 },
  { name: "tests", command: "vitest", args: ["run"], counts: "vitest", limitSeconds: 900 },
];

const template = ".serverless/cloudformation-template-update-stack.json";

/** What continuous integration runs. */
export const allSteps: readonly Step[] = [
  ...quickSteps,
  { name: "package", command: "node", args: ["scripts/package.ts"], limitSeconds: 300 },
  {
    name: "machines",
    command: "node",
    args: ["scripts/validate-machines.ts", template],
    counts: "last line",
    limitSeconds: 120,
  },
  // About as many as two cores make in ten minutes, and the same ones each time: what fails here fails everywhere.
  { name: "simulate", command: "node", args: ["scripts/simulate.ts", "--seeds", "3000"], limitSeconds: 1800 },
  {
    name: "single faults",
    command: "node",
    args: ["scripts/simulate.ts", "--single"],
    counts: "last line",
    limitSeconds: 1500,
  },
  // Each bug first where it was found the last time.
  {
    name: "planted",
    command: "node",
    args: ["scripts/planted.ts", "--quick"],
    counts: "last line",
    limitSeconds: 900,
  },
  // A seed is a bug report only if it tells the same on whatever Node it is run.
  { name: "same-hash", command: "node", args: ["scripts/same-hash.ts"], counts: "last line", limitSeconds: 600 },
  // W3005: a role's DependsOn that its Ref already implies, which osls writes itself.
  {
    name: "template",
    command: "cfn-lint",
    args: ["--ignore-checks", "W3005", "--", template],
    prepare: pythonTools,
    limitSeconds: 600,
  },
  {
    name: "e2e",
    command: "vitest",
    args: ["run", "--config", "vitest.e2e.config.ts"],
    counts: "vitest",
    prepare: pythonTools,
    limitSeconds: 3000,
  },
  {
    name: "clients",
    command: "vitest",
    args: ["run", "--config", "vitest.clients.config.ts"],
    counts: "vitest",
    prepare: pythonTools,
    limitSeconds: 1200,
  },
  {
    name: "programs",
    command: "vitest",
    args: ["run", "--config", "vitest.programs.config.ts"],
    counts: "vitest",
    limitSeconds: 1200,
  },
  { name: "vm", command: "node", args: ["scripts/vm/test.ts"], counts: "last line", limitSeconds: 1200 },
];
