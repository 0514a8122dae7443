import { defineConfig } from "vitest/config";

/** Clients and judges that nobody here wrote. They need Python's tools, and start whole clouds, so one file at a time. */
export default defineConfig({
  test: {
    include: ["test/contract/**/*.test.ts"],
    pool: "forks",
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
