import { configDefaults, defineConfig } from 'vitest/config';

const everything = 'test/**/*.test.ts';

/**
 * Folders whose files share a process, so that it imports the library once: their tests leave the library as they find it. Those that
 * look at the process itself (warnings, environment, memory, endings) have one each.
 */
const together = [
  'compile',
  'data',
  'functional',
  'io',
  'misuse',
  'nn',
  'onnx',
  'optim',
  'pointwise',
  'random',
  'tensor',
  'train',
].map((folder) => `test/${folder}/**/*.test.ts`);

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
        test: { name: 'together', include: together, isolate: false, setupFiles: 'test/helpers/same-start.ts' },
      },
      {
        extends: true,
        test: { name: 'apart', include: [everything], exclude: [...configDefaults.exclude, ...together] },
      },
    ],
  },
});
