import { defineConfig } from "vitest/config";

/** The end-to-end tests: they start the whole embedded cloud, so they run one at a time and may take minutes. */
export default defineConfig({
  test: {
    include: ["test/e2e/**/*.test.ts"],
    exclude: ["test/e2e/programs/**", "node_modules/**"],
    pool: "forks",
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 300_000,
  },
});
