/** Compiles src once for the children of all tests (child.ts): a compiler in each of them takes longer than most of what they do. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { root } from './built.js';

/** The files of src that a child may import, by the names of their bundles. */
export const entries = {
  'index.ts': 'index',
  'distributed/open-group.ts': 'open-group',
  'ops/backend.ts': 'backend',
  'ops/load.ts': 'load',
  'train/epoch-log.ts': 'epoch-log',
} as const;

declare module 'vitest' {
  export interface ProvidedContext {
    /** The folder of the bundles. */
    readonly childBundle: string;
  }
}

export default async function setup(project: TestProject): Promise<() => void> {
  mkdirSync(join(root, 'dist'), { recursive: true });
  // As far below the root as dist/lib, since the addon is looked for from there.
  const folder = mkdtempSync(join(root, 'dist', 'child-'));
  const { build } = await import('esbuild');
  await build({
    entryPoints: Object.entries(entries).map(([path, out]) => ({ in: join(root, 'src', path), out })),
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    keepNames: true,
  });
  project.provide('childBundle', folder);
  return () => rmSync(folder, { recursive: true, force: true });
}
