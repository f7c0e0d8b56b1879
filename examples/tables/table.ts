/** Tables of vega-datasets, split in two. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Generator } from 'lanewise';

export type Row = Readonly<Record<string, string | number | null>>;

/** The text of a file of the package. */
export function readText(name: string): string {
  // The package exports its module only; the files lie next to that module's folder.
  const folder = dirname(dirname(createRequire(import.meta.url).resolve('vega-datasets')));
  return readFileSync(join(folder, 'data', name), 'utf8');
}

/** The rows of a JSON file of the package. */
export const readTable = (name: string): Row[] => JSON.parse(readText(name));

/** Rows to train on and to test with, one in five, in a random order that is always the same. */
export function splitRows<R extends Row>(rows: readonly R[]): { train: R[]; test: R[] } {
  const order = new Generator(0).randperm(rows.length);
  const shuffled = Array.from(order, (i) => rows[i]!);
  const testRows = Math.floor(rows.length / 5);
  return { train: shuffled.slice(testRows), test: shuffled.slice(0, testRows) };
}
