import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Processes, not worker threads: tests set environment variables and look at process warnings.
    pool: 'forks',
    testTimeout: 60_000,
  },
});
