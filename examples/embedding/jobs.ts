/** How many people of the United States had an occupation in a census, from vega-datasets: 255 occupations, men and women, 1850 to 2000. */
import { type Row, readTable, splitRows } from '../tables/table.js';

export type Job = Row & { readonly job: string; readonly sex: string; readonly year: number; readonly digits: number };

/** `digits` is the decimal logarithm of the number of people. Occupations that a census does not have are left out. */
export function readJobs(): { train: Job[]; test: Job[] } {
  const rows = readTable('jobs.json').filter(({ count }) => Number(count) > 0);
  return splitRows(rows.map((row) => ({ ...row, digits: Math.log10(Number(row.count)) }) as Job));
}
