/** Writes the generated parts of the pages: `tsx docs/generate/main.ts`. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { complete, partial } from './exported.js';
import { oursTable, type PytorchNames, rowsOf, table } from './names.js';

const at = (path: string) => new URL(path, import.meta.url);
const pytorch = JSON.parse(readFileSync(at('../../test/golden/names.json'), 'utf8')) as PytorchNames;
const sections = [...complete.map((each) => [each, true] as const), ...partial.map((each) => [each, false] as const)];
const text = sections
  .map(
    ([each, all]) =>
      `### torch${each.module === 'torch' ? '' : `.${each.module}`}\n\n${table(rowsOf(each, pytorch, all))}`,
  )
  .join('\n\n');
mkdirSync(at('../generated/'), { recursive: true });
writeFileSync(at('../generated/pytorch-names.md'), `${text}\n\n### What PyTorch has not\n\n${oursTable()}\n`);
