import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/e2e/**", "test/contract/**", "test/vm/**", "test/large/**", "node_modules/**"],
    pool: "threads",
    maxWorkers: 2,
    testTimeout: 30_000,
  },
});
