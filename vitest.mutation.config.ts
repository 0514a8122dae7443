import { defineConfig } from "vitest/config";

/** The tests that judge mutants of pure decisions and of the probe function: their own; those that try thousands of cases take too long for each. */
export default defineConfig({
  test: {
    include: ["test/shared/domain/**/*.test.ts", "test/functions/**/*.test.ts"],
    exclude: ["test/shared/domain/**/*.property.test.ts"],
    testTimeout: 30_000,
  },
});
