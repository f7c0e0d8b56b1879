/** What tests of the finished package need: the compiled library and the addon, as `npm run build` makes them. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** Builds what is missing. `npm test` has built everything before; this is for running one test file by itself. */
export function ensureBuilt(): void {
  const outputs = ['dist/lib/index.js', 'build/Release/lanewise.node'];
  if (outputs.every((path) => existsSync(join(root, path)))) return;
  execFileSync('npm', ['run', 'build'], { cwd: root, stdio: 'pipe', shell: process.platform === 'win32' });
}
