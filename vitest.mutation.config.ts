import { defineConfig } from "vitest/config";

/** The tests that judge mutants of pure decisions: those of the decisions themselves, and the small model's. */
export default defineConfig({
  test: {
    include: ["test/shared/domain/**/*.test.ts"],
    exclude: ["test/shared/domain/**/*.property.test.ts"],
    testTimeout: 30_000,
  },
});
