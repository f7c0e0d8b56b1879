/** Targets of compiled steps and forward passes. */
import { neighbours } from '../cases/odd-shapes.js';
import { jax, native, nativeCompiled, pytorch } from '../contenders/contenders.js';
import { layerSizes } from '../mlp.js';
import { type Goal, type Lookup, ratio } from './lookup.js';

const shape = layerSizes.join('-');
const stepAt = (batch: number, optimizer: string) => ({ case: 'mlp-train-step', shape, batch, optimizer });

/** What each batch size must reach with SGD, and with Adam beside it. */
const stepTargets = [
  { batch: 32, peak: 50, bestPeak: 80, pytorch: 5, jax: 2.7, adam: 1.3 },
  { batch: 128, peak: 65, bestPeak: 88, pytorch: 3.5, jax: 2.2, adam: 1.12 },
  { batch: 1024, peak: 72, bestPeak: 87, pytorch: 2.6, jax: 1.6, adam: 1.05 },
] as const;

/** How much faster two threads must be than one. */
const scaling = [
  { batch: 128, target: 1.7 },
  { batch: 1024, target: 1.85 },
] as const;

const leastOfRound = 70;

export function judgeCompiled(lookup: Lookup): Goal[] {
  return [
    ...stepTargets.flatMap((target) => steps(lookup, target)),
    ...scaling.map(({ batch, target }) => secondCore(lookup, batch, target)),
    {
      what: 'compiled step, batch 32, SGD: over eager, all threads',
      value: lookup.over(stepAt(32, 'SGD'), native, nativeCompiled, 'all'),
      ...{ unit: 'x', bound: 'least', target: 1.5 },
    },
    ...stepTargets.map(({ batch }) => dropoutAdds(lookup, batch)),
    ...forward(lookup),
    ...oddShapes(lookup),
  ];
}

function steps(lookup: Lookup, target: (typeof stepTargets)[number]): Goal[] {
  const [sgd, adam] = [stepAt(target.batch, 'SGD'), stepAt(target.batch, 'Adam')];
  const name = `compiled step, batch ${target.batch}`;
  const row = lookup.row(sgd, nativeCompiled, 'all');
  const over = (slow: string) => lookup.over(sgd, slow, nativeCompiled, 'all');
  return [
    {
      what: `${name}, SGD: share of the FMA peak, all threads, median`,
      value: row?.percentOfPeak ?? null,
      ...{ unit: ' %', bound: 'least', target: target.peak },
    },
    {
      what: `${name}, SGD: share of the FMA peak, all threads, best 5th percentile`,
      value: row?.p5PercentOfPeak ?? null,
      ...{ unit: ' %', bound: 'least', target: target.bestPeak },
    },
    {
      what: `${name}, SGD: over PyTorch eager, all threads`,
      value: over(pytorch),
      ...{ unit: 'x', bound: 'least', target: target.pytorch },
    },
    {
      what: `${name}, SGD: over JAX, all threads`,
      value: over(jax),
      ...{ unit: 'x', bound: 'least', target: target.jax },
    },
    {
      what: `${name}: Adam's time over that of SGD, all threads`,
      value: ratio(lookup.ms(adam, nativeCompiled, 'all'), lookup.ms(sgd, nativeCompiled, 'all')),
      ...{ unit: 'x', bound: 'most', target: target.adam },
    },
  ];
}

/** Asked of two threads: more say something else, one nothing. */
function secondCore(lookup: Lookup, batch: number, target: number): Goal {
  const [one, all] = (['one', 'all'] as const).map((threads) =>
    lookup.row(stepAt(batch, 'SGD'), nativeCompiled, threads),
  );
  return {
    what: `compiled step, batch ${batch}, SGD: 2 threads over 1`,
    value: all?.threads === 2 ? ratio(one?.medianMs ?? null, all.medianMs) : null,
    ...{ unit: 'x', bound: 'least', target },
  };
}

function dropoutAdds(lookup: Lookup, batch: number): Goal {
  const without = { ...stepAt(batch, 'SGD'), shape: `${shape} without dropout` };
  const times = ratio(
    lookup.ms(stepAt(batch, 'SGD'), nativeCompiled, 'all'),
    lookup.ms(without, nativeCompiled, 'all'),
  );
  return {
    what: `compiled step, batch ${batch}, SGD: what dropout adds, all threads`,
    value: times === null ? null : 100 * (times - 1),
    ...{ unit: ' %', bound: 'most', target: 3 },
  };
}

function forward(lookup: Lookup): Goal[] {
  const [one, eight] = [1, 8].map((batch) => lookup.ms({ case: 'forward', shape, batch }, nativeCompiled, 'one'));
  return [
    {
      what: 'compiled forward pass of one row, from JavaScript, 1 thread',
      value: one == null ? null : one * 1000,
      ...{ unit: ' us', bound: 'most', target: 25 },
    },
    {
      what: 'compiled forward pass: 8 rows over 1, 1 thread',
      value: ratio(eight ?? null, one ?? null),
      ...{ unit: 'x', bound: 'most', target: 4 },
    },
  ];
}

/** The worst of the odd shapes whose neighbour was measured too. */
function oddShapes(lookup: Lookup): Goal[] {
  const found = neighbours.flatMap(({ odd, round }) => {
    const gflops = (place: typeof odd) =>
      lookup.row({ case: 'odd-shapes', ...place }, nativeCompiled, 'all')?.gflops ?? null;
    const value = ratio(gflops(odd), gflops(round));
    return value === null ? [] : [{ odd, round, percent: 100 * value }];
  });
  const worst = found.reduce<(typeof found)[number] | null>(
    (before, each) => (before === null || each.percent < before.percent ? each : before),
    null,
  );
  if (worst === null) return [];
  const nameOf = ({ shape: name, batch }: typeof worst.odd) => `${name} at batch ${batch}`;
  return [
    {
      what: `odd shapes, GFLOP/s of the round neighbour's, worst of ${found.length}: ${nameOf(worst.odd)} to ${nameOf(worst.round)}`,
      value: worst.percent,
      ...{ unit: ' %', bound: 'least', target: leastOfRound },
    },
  ];
}
