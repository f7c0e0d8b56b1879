/** What the project set out to reach, computed from the rows of one run. */
import { bareStart, native, nativeCompiled, pytorch, reference, withImport } from '../contenders/contenders.js';
import { targetBatch } from '../mlp.js';
import type { Row, Target } from './document.js';
import { judgeSweeps } from './sweeps.js';

type Threads = 'one' | 'all';
type Place = Partial<Pick<Row, 'shape' | 'batch' | 'optimizer'>> & Pick<Row, 'case'>;

export function isReached({ value, target, bound }: Pick<Target, 'value' | 'target' | 'bound'>): boolean {
  return bound === 'least' ? value >= target : value <= target;
}

/** Every target of which this run measured both sides. */
export function judge(rows: readonly Row[]): Target[] {
  const results: Target[] = [];
  const add = (what: string, value: number | null, unit: string, bound: Target['bound'], target: number) => {
    if (value !== null)
      results.push({ what, value, unit, bound, target, reached: isReached({ value, bound, target }) });
  };
  const time = (place: Place, who: string, threads: Threads) => find(rows, place, who, threads)?.medianMs ?? null;
  const over = (place: Place, slow: string, threads: Threads) =>
    ratio(time(place, slow, threads), time(place, native, threads));

  const steps = ['SGD', 'Adam'].map((optimizer) => ({ case: 'mlp-train-step', batch: targetBatch, optimizer }));
  const cube = { case: 'gemm', shape: '512x512x512 nn' };
  for (const step of steps)
    add(`${stepName(step)}: native over reference, all threads`, over(step, reference, 'all'), 'x', 'least', 40);
  add(`gemm ${cube.shape}: native over reference, all threads`, over(cube, reference, 'all'), 'x', 'least', 60);
  for (const place of [cube, { case: 'gemm', shape: `${targetBatch}x256x784 nt` }]) {
    const share =
      find(
        rows.filter(({ isa }) => isa === 'avx2'),
        place,
        native,
        'one',
      )?.percentOfPeak ?? null;
    add(`gemm ${place.shape}: share of the FMA peak, avx2, 1 thread`, share, ' %', 'least', 75);
  }
  for (const shape of ['128x256', '1024x1024']) {
    const dropout = { case: 'dropout', shape };
    const copy = time({ case: 'dropout', shape: `copy of ${shape}` }, native, 'one');
    add(
      `dropout ${shape}: time over that of a copy, 1 thread`,
      ratio(time(dropout, native, 'one'), copy),
      'x',
      'most',
      2,
    );
    add(`dropout ${shape}: native over PyTorch, 1 thread`, over(dropout, pytorch, 'one'), 'x', 'least', 20);
  }
  for (const step of steps)
    add(`${stepName(step)}: native over PyTorch, all threads`, over(step, pytorch, 'all'), 'x', 'least', 1);
  const small = { case: 'mlp-train-step', batch: 32, optimizer: 'SGD' };
  const compiled = ratio(time(small, native, 'all'), time(small, nativeCompiled, 'all'));
  add(`${stepName(small)}: compiled over eager, all threads`, compiled, 'x', 'least', 1.5);
  const starts = [withImport, bareStart].map((id) => rows.find((row) => row.contender === id)?.medianMs);
  const [imported, bare] = starts;
  if (imported !== undefined && bare !== undefined)
    add('import of the library, over a bare node start', imported - bare, ' ms', 'most', 60);
  return [...results, ...judgeSweeps(rows)];
}

const stepName = ({ batch, optimizer }: { batch: number; optimizer: string }) =>
  `train step at batch ${batch} with ${optimizer}`;

const ratio = (above: number | null, below: number | null) => (above === null || below === null ? null : above / below);

/** The fastest row that fits. `all`: the most threads that the contender was run with there. */
function find(rows: readonly Row[], place: Place, who: string, threads: Threads): Row | null {
  const fitting = rows.filter(
    (row) =>
      row.contender === who &&
      row.case === place.case &&
      (place.shape === undefined || row.shape === place.shape) &&
      (place.batch === undefined || row.batch === place.batch) &&
      (place.optimizer === undefined || row.optimizer === place.optimizer),
  );
  const wanted = threads === 'one' ? 1 : Math.max(...fitting.map((row) => row.threads));
  const candidates = fitting.filter((row) => row.threads === wanted);
  return candidates.reduce<Row | null>(
    (best, row) => (best === null || row.medianMs < best.medianMs ? row : best),
    null,
  );
}
