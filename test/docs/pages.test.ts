/** Every code block of docs, run page by page as a reader would paste it. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { transform } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt, root } from '../helpers/built.js';
import { prints, stepsOf } from './blocks.js';

const run = promisify(execFile);
const docs = join(root, 'docs');
const pages = readdirSync(docs).filter((name) => name.endsWith('.md') && name !== 'README.md');

let base = '';
beforeAll(() => {
  ensureBuilt();
  base = mkdtempSync(join(tmpdir(), 'lanewise-docs-'));
  const modules = join(base, 'node_modules');
  mkdirSync(modules);
  for (const name of readdirSync(join(root, 'node_modules')))
    symlinkSync(join(root, 'node_modules', name), join(modules, name), 'junction');
  symlinkSync(root, join(modules, 'lanewise'), 'junction');
}, 600_000);
afterAll(() => rmSync(base, { recursive: true, force: true }));

/** `npx` and `npm install` of pages take what is here: tests have no network. */
const prelude = `
set -eu
lanewise() { node "${root}/dist/lib/cli/main.js" "$@"; }
npx() { case "$1" in lanewise) shift; lanewise "$@";; *) "${root}/node_modules/.bin/$1" "\${@:2}";; esac; }
npm() {
  for package in "\${@:2}"; do
    case "$package" in -*) ;; *) test -e "node_modules/$package" || { echo "no package $package"; exit 1; };; esac
  done
}
`;

/** Writes a program, and tells what starts it: tsx where it may import others, else what the same compiler makes of it here, once. */
async function written(path: string, code: string, byTsx: boolean): Promise<string[]> {
  if (byTsx) {
    writeFileSync(`${path}.ts`, code);
    return ['--import', 'tsx', `${path}.ts`];
  }
  const options = { loader: 'ts', format: 'esm', target: 'node20', keepNames: true } as const;
  writeFileSync(`${path}.mjs`, (await transform(code, options)).code);
  return [`${path}.mjs`];
}

describe.each(pages)('%s', (name) => {
  const page = readFileSync(join(docs, name), 'utf8');
  const steps = stepsOf(page);

  it.skipIf(steps.length === 0)('runs as it stands there', { timeout: 240_000 }, async () => {
    const cwd = join(base, name.replace('.md', ''));
    mkdirSync(cwd);
    symlinkSync(join(base, 'node_modules'), join(cwd, 'node_modules'), 'junction');
    writeFileSync(join(cwd, 'package.json'), '{ "type": "module" }');
    const options = { cwd, maxBuffer: 1 << 24 };
    const byTsx = steps.some((step) => step.kind === 'file' && step.name!.endsWith('.ts'));
    let number = 0;
    for (const step of steps) {
      if (step.kind === 'file') {
        const path = join(cwd, step.name!);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, step.code);
        continue;
      }
      const file = join(cwd, `page-${++number}`);
      const { stdout, stderr } =
        step.kind === 'program'
          ? await run(process.execPath, await written(file, step.code, byTsx), options)
          : await run('bash', ['-c', prelude + step.code], options);
      if (!prints(stdout + stderr, step.output)) expect(stdout + stderr, `what ${name} prints`).toBe(step.output);
    }
    expect(number).toBeGreaterThan(0);
  });
});
