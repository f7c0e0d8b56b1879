import { configDefaults, defineConfig } from 'vitest/config';

const everything = 'test/**/*.test.ts';

/**
 * Files that run in a separate process each: those that look at the process (environment, memory, garbage, threads) or at a library that is
 * not in use yet, those that end the jobs of the process, and those that feed the library damaged input. All others leave the library as they
 * find it and share a process, which imports it once.
 */
const apart = [
  'test/fuzz/**/*.test.ts',
  ...[
    'buffers',
    'buffers-compiled',
    'buffers-hostile',
    'event-loop',
    'file-memory',
    'large-arrays',
    'options',
    'sizes',
    'subnormals',
  ].map((name) => `test/hazards/${name}.test.ts`),
  ...['addon', 'addon-programs', 'backend', 'bits', 'load', 'native-jobs', 'native-programs', 'turns', 'wasm'].map(
    (name) => `test/ops/${name}.test.ts`,
  ),
  'test/pointwise/emit.test.ts',
  'test/realms/**/*.test.ts',
];

export default defineConfig({
  test: {
    // Processes, not worker threads: tests set environment variables and look at process warnings.
    pool: 'forks',
    globalSetup: 'test/helpers/child-bundle.ts',
    testTimeout: 60_000,
    // Hooks pack, install and delete packages, on disks that can be slow.
    hookTimeout: 60_000,
    // The linter's rule takes every call of fit for Jasmine's focused test, so that vitest is the one to refuse those.
    allowOnly: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: [everything],
          exclude: [...configDefaults.exclude, ...apart],
          isolate: false,
          setupFiles: 'test/helpers/same-start.ts',
        },
      },
      {
        extends: true,
        test: { name: 'apart', include: apart },
      },
    ],
  },
});
