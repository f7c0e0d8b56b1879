/**
 * Installs the packages of the benchmark where they are missing or older than their lock file: they are none of the
 * library's, so the `npm ci` of the repository leaves them out.
 */
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const timeOf = (file: string) => statSync(`${folder}${file}`, { throwIfNoEntry: false })?.mtimeMs ?? 0;

// npm writes the second one at the end of an installation.
if (timeOf('package-lock.json') > timeOf('node_modules/.package-lock.json')) {
  console.error("installing the benchmark's own packages: npm ci --prefix bench");
  const { status, error } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (error !== undefined) console.error(`npm could not be started: ${error.message}`);
  process.exitCode = status ?? 1;
}
