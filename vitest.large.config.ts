import { defineConfig } from "vitest/config";

/** Artifacts of half a gigabyte and more, deployed for real: minutes, and about twenty gigabytes of disk while it runs. */
export default defineConfig({
  test: {
    include: ["test/large/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 1_800_000,
    hookTimeout: 1_800_000,
  },
});
