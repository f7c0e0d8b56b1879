/**
 * A Node process that starts and ends, once with nothing to do and once importing the built library. Both are ES
 * modules, so that the difference is the library's and not that of the module loader.
 */
import { spawnSync } from 'node:child_process';
import { type TimedCase, workload } from '../case.js';
import { withImport } from '../contenders/contenders.js';
import { libraryUrl } from '../contenders/library.js';

const importCase: TimedCase = {
  name: 'import',
  contenders: 'start',
  workloads: [workload({ quick: true })],
  prepare(_params, contender) {
    const program = contender.id === withImport ? `import ${JSON.stringify(libraryUrl)};` : '';
    return () => {
      const { status, error, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program]);
      if (status !== 0) throw error ?? new Error(`node ended with status ${status}: ${stderr}`);
    };
  },
};

export default importCase;
