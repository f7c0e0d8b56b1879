/**
 * Installs the packages of the benchmark, or of the folder that is given, where they are missing or older than their lock file: they are none
 * of the library's, so the `npm ci` of the repository leaves them out. What stands behind the folder is given to npm. For the benchmark it
 * builds the addon that measures the peak.
 */
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const [given = 'bench', ...options] = process.argv.slice(2);
const folder = fileURLToPath(new URL(`../${given}/`, import.meta.url));
const timeOf = (file: string) => statSync(`${folder}${file}`, { throwIfNoEntry: false })?.mtimeMs ?? 0;

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, error } = spawnSync(command, args, {
    cwd,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (error !== undefined) console.error(`${command} could not be started: ${error.message}`);
  if (status !== 0) process.exitCode = status ?? 1;
}

// npm writes the second one at the end of an installation.
if (timeOf('package-lock.json') > timeOf('node_modules/.package-lock.json')) {
  console.error(`installing the packages of ${given}: npm ci --prefix ${given}`);
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error', ...options], folder);
}
// Does nothing once it is built.
if (given === 'bench')
  run('node-gyp', ['configure', 'build', '--silent', '--jobs=max'], `${folder}../native/bench/peak`);
