import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Processes, not worker threads: tests set environment variables and look at process warnings.
    pool: 'forks',
    testTimeout: 60_000,
    // The linter's rule takes every call of fit for Jasmine's focused test, so that vitest is the one to refuse those.
    allowOnly: false,
  },
});
