/** Targets of kernels, of steps in eager mode, and of the import. */
import { bareStart, native, pytorch, reference, withImport } from '../contenders/contenders.js';
import { layerSizes, targetBatch } from '../mlp.js';
import type { Row } from './document.js';
import { type Goal, type Lookup, ratio } from './lookup.js';

export function judgeEager(lookup: Lookup, rows: readonly Row[]): Goal[] {
  return [...kernels(lookup), ...dropout(lookup), ...steps(lookup), ...imports(rows)];
}

function kernels(lookup: Lookup): Goal[] {
  const cube = { case: 'gemm', shape: '512x512x512 nn' };
  const shares = [
    [cube.shape, 75],
    [`${targetBatch}x256x784 nt`, 75],
    ['1024x1024x1024 nn', 90],
  ] as const;
  return [
    {
      what: `gemm ${cube.shape}: native over reference, all threads`,
      value: lookup.over(cube, reference, native, 'all'),
      ...{ unit: 'x', bound: 'least', target: 60 },
    },
    ...shares.map(
      ([shape, target]): Goal => ({
        what: `gemm ${shape}: share of the FMA peak, avx2, 1 thread`,
        value: lookup.on('avx2').row({ case: 'gemm', shape }, native, 'one')?.percentOfPeak ?? null,
        ...{ unit: ' %', bound: 'least', target },
      }),
    ),
  ];
}

/** Against a plain copy; the scaled one stands in the table to explain. */
const dropout = (lookup: Lookup): Goal[] =>
  ['128x256', '1024x1024'].flatMap((shape): Goal[] => {
    const place = { case: 'dropout', shape };
    const copy = lookup.ms({ case: 'dropout', shape: `copy of ${shape}` }, native, 'one');
    return [
      {
        what: `dropout ${shape}: time over that of a copy, 1 thread`,
        value: ratio(lookup.ms(place, native, 'one'), copy),
        ...{ unit: 'x', bound: 'most', target: 1.5 },
      },
      {
        what: `dropout ${shape}: native over PyTorch, 1 thread`,
        value: lookup.over(place, pytorch, native, 'one'),
        ...{ unit: 'x', bound: 'least', target: 20 },
      },
    ];
  });

function steps(lookup: Lookup): Goal[] {
  const goals = [
    [targetBatch, 'SGD', reference, 40],
    [targetBatch, 'Adam', reference, 40],
    [32, 'SGD', pytorch, 1.3],
    [targetBatch, 'SGD', pytorch, 1.3],
    [32, 'Adam', pytorch, 1.3],
    [targetBatch, 'Adam', pytorch, 1.3],
  ] as const;
  return goals.map(([batch, optimizer, slow, target]): Goal => {
    const place = { case: 'mlp-train-step', shape: layerSizes.join('-'), batch, optimizer };
    return {
      what: `eager step, batch ${batch}, ${optimizer}: native over ${slow}, all threads`,
      value: lookup.over(place, slow, native, 'all'),
      ...{ unit: 'x', bound: 'least', target },
    };
  });
}

function imports(rows: readonly Row[]): Goal[] {
  const [imported, bare] = [withImport, bareStart].map((id) => rows.find((row) => row.contender === id)?.medianMs);
  return [
    {
      what: 'import of the library, over a bare node start',
      value: imported === undefined || bare === undefined ? null : imported - bare,
      ...{ unit: ' ms', bound: 'most', target: 60 },
    },
  ];
}
