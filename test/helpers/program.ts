/**
 * Programs in TypeScript, compiled once for a run of vitest into one file each: a compiler in every process that starts one takes longer than
 * most of what those do.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Plugin } from 'esbuild';
import { inject } from 'vitest';
import { root } from './built.js';

/** Each file looks for others from where its source stands. */
const atHome: Plugin = {
  name: 'at home',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)),
      loader: 'ts',
    }));
  },
};

/** The compiled program. @param path of its source, from the root: `examples/mnist/main.ts` */
export async function programFile(path: string): Promise<string> {
  const source = join(root, path);
  const out = join(inject('childBundle'), path.replace(/\.ts$/, '.mjs'));
  if (existsSync(out)) return out;
  mkdirSync(dirname(out), { recursive: true });
  // Packages of the folder, if it has its own; others are found further up.
  const [own, seen] = [source, out].map((file) => join(dirname(file), 'node_modules')) as [string, string];
  if (existsSync(own) && !existsSync(seen)) symlinkSync(own, seen, 'junction');
  const { build } = await import('esbuild');
  // Another test may look for it meanwhile.
  const unfinished = `${out}.${process.pid}`;
  await build({
    ...{ entryPoints: [source], outfile: unfinished, plugins: [atHome], packages: 'external' },
    ...{ bundle: true, format: 'esm', platform: 'node', target: 'node20', keepNames: true },
  });
  renameSync(unfinished, out);
  return out;
}
