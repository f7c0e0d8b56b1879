/** Tables of vega-datasets, split in two. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Generator } from 'lanewise';

export type Row = Readonly<Record<string, string | number | null>>;

/** A file of the package. */
export function readTable(name: string): Row[] {
  // The package exports its module only; the files lie next to that module's folder.
  const folder = dirname(dirname(createRequire(import.meta.url).resolve('vega-datasets')));
  return JSON.parse(readFileSync(join(folder, 'data', name), 'utf8'));
}

/** Rows to train on and to test with, one in five, in a random order that is always the same. */
export function splitRows(rows: readonly Row[]): { train: Row[]; test: Row[] } {
  const order = new Generator(0).randperm(rows.length);
  const shuffled = Array.from(order, (i) => rows[i]!);
  const testRows = Math.floor(rows.length / 5);
  return { train: shuffled.slice(testRows), test: shuffled.slice(0, testRows) };
}
