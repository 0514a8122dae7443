import { defineConfig } from "vitest/config";

/** Programs that nobody here wrote, deployed for real. They are fetched from the npm registry the first time. */
export default defineConfig({
  test: {
    include: ["test/e2e/programs/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
