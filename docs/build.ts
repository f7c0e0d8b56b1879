/** Builds the site: `npm run docs`. With `--api` the API only, which checks the docstrings. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));

function run(...command: string[]): void {
  const { status } = spawnSync(command[0]!, command.slice(1), {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) process.exit(status ?? 1);
}

run('node_modules/.bin/tsx', 'bench/install.ts', 'docs', '--ignore-scripts');
run('node_modules/.bin/typedoc');
if (!process.argv.includes('--api')) {
  run('node_modules/.bin/tsx', 'docs/generate/main.ts');
  run('docs/node_modules/.bin/vitepress', 'build', 'docs');
}
