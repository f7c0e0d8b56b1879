/** The scores of a training as curves. */
import type { EpochResult } from '../history.js';
import { scoreColumnsOf } from './columns.js';

/** [epoch, value] */
export type Point = readonly [number, number];

export interface Curve {
  readonly name: 'train' | 'validation';
  readonly points: readonly Point[];
}

/** One score, of training and of validation. */
export interface Chart {
  readonly title: string;
  readonly curves: readonly Curve[];
}

/** More points than a chart has columns are not seen. */
const mostPoints = 2000;

/** A chart for each score. Epochs whose score is not finite are left out, and so are most where there are very many. */
export function chartsOf(results: readonly EpochResult[]): Chart[] {
  const step = Math.ceil(results.length / mostPoints);
  const shown: EpochResult[] = [];
  // From the end on, so that the last epoch is among them.
  for (let i = results.length - 1; i >= 0; i -= step) shown.unshift(results[i]!);
  const columns = scoreColumnsOf(shown);
  const curve = (name: string, as: Curve['name']): Curve[] => {
    const column = columns.find((each) => each.name === name);
    if (column === undefined) return [];
    const points = shown.flatMap((result): Point[] => {
      const value = column.read(result);
      return value !== undefined && Number.isFinite(value) ? [[result.epoch, value]] : [];
    });
    return [{ name: as, points }];
  };
  return columns
    .filter(({ name }) => !name.startsWith('validation.'))
    .map(({ name }) => ({
      title: name,
      curves: [...curve(name, 'train'), ...curve(`validation.${name}`, 'validation')],
    }));
}
