/** What is measured, as data: the workloads of each case. */
import { cnnStepFlops, standardCnn } from './cnn.js';
import {
  computing,
  convolving,
  copying,
  eager,
  nativeCompiled,
  pytorch,
  starting,
  studying,
} from './contenders/contenders.js';
import { layers } from './layers.js';
import { batchSizes, layerSizes, learningRate, productFlops, stepProducts } from './mlp.js';
import type { ConvTrainStep, Matrix, Product, Programs, TrainStep } from './protocol.js';
import { studies } from './studies/studies.js';
import { vocabulary } from './vocabulary.js';

/** One thing to measure: what is the same for every contender. */
export interface Workload {
  /** The name of its case. */
  readonly case: string;
  /** Sizes, as the table shows them; null when there are none. */
  readonly shape: string | null;
  readonly batch: number | null;
  readonly optimizer: string | null;
  /** Ids of those that take part. */
  readonly contenders: readonly string[];
  /** What contenders run. They get the parameters as JSON. */
  readonly program: string;
  readonly params: object;
  /** Floating-point operations of one iteration, a multiply-add counting two; null when they are not what limits it. */
  readonly flops: number | null;
  /** `each`: once on one thread and once on all. `every`: on each number from one to all. */
  readonly threads: 'one' | 'all' | 'each' | 'every';
  /** The place in a sweep: `{ name: 'depth', value: 4 }`. A sweep over threads takes it from the number of threads. */
  readonly point: { readonly name: string; readonly value: number } | null;
  /** Whether `--quick` keeps it. */
  readonly quick: boolean;
  /** Whether it is measured by a study, and not timed in turns. */
  readonly study: boolean;
}

type Described = Partial<Workload> & { readonly case: string };

/** What a workload does not say. */
export const plainWorkload = (own: Described & { readonly program: string }): Workload => ({
  ...{ shape: null, batch: null, optimizer: null, contenders: computing, params: {}, flops: null },
  ...{ threads: 'each', point: null, quick: false, study: false },
  ...own,
});

const workload = <P extends keyof Programs>(program: P, params: Programs[P], rest: Described): Workload =>
  plainWorkload({ program, params, ...rest });

const standardStep: TrainStep = { layers: layerSizes, batch: 128, optimizer: 'SGD', dropout: 0.5, learningRate };

/** The step that differs from the standard one in that. */
function trainStep(change: Partial<TrainStep>, rest: Described): Workload {
  const step = { ...standardStep, ...change };
  const { layers, batch, optimizer, dropout } = step;
  const shape = `${layers.join('-')}${dropout === 0 ? ' without dropout' : ''}`;
  const flops = productFlops(...stepProducts(batch, layers));
  return workload('mlp-train-step', step, { shape, batch, optimizer, flops, ...rest });
}

const optimizers = ['SGD', 'Adam'] as const;
const mlpTrainStep = [
  ...batchSizes.flatMap((batch) =>
    optimizers.map((optimizer) => {
      const quick = batch === 128 || (batch === 32 && optimizer === 'SGD');
      return trainStep({ batch, optimizer }, { case: 'mlp-train-step', quick });
    }),
  ),
  ...batchSizes.map((batch) => trainStep({ batch, dropout: 0 }, { case: 'mlp-train-step' })),
];

/** The step of the convolutional network that differs from the standard one in that. */
function cnnTrainStep(change: Partial<ConvTrainStep>, rest: Partial<Workload>): Workload {
  const step = { ...standardCnn, ...change };
  const { image, channels, kernel, hidden, classes, batch, optimizer } = step;
  const shape = `${image}x${image} ${channels.join('-')} ${kernel}x${kernel} ${hidden}-${classes}`;
  const own = { case: 'cnn-train-step', contenders: convolving, flops: cnnStepFlops(step), ...rest };
  return workload('cnn-train-step', step, { shape, batch, optimizer, ...own });
}
const cnnTrainSteps = [32, 128].flatMap((batch) =>
  optimizers.map((optimizer) => cnnTrainStep({ batch, optimizer }, { quick: batch === 32 && optimizer === 'SGD' })),
);

/** In eval mode without gradients: what an answer of a service takes. */
const forward = [1, 8, 32, 128].map((batch) => {
  const flops = productFlops(...stepProducts(batch).filter(({ form }) => form === 'nt'));
  const rest = { case: 'forward', shape: layerSizes.join('-'), batch, flops, quick: batch <= 8 };
  return workload('forward', { layers: layerSizes, batch }, rest);
});

const multiply = (product: Product, batch: number | null, quick: boolean) => {
  const shape = `${product.m}x${product.n}x${product.k} ${product.form}`;
  const flops = productFlops(product);
  return workload('gemm', product, { case: 'gemm', contenders: eager, shape, batch, flops, quick });
};
const cube = (size: number, quick: boolean) => multiply({ form: 'nn', m: size, n: size, k: size }, null, quick);
const gemm = [
  ...batchSizes.flatMap((batch) => stepProducts(batch).map((product) => multiply(product, batch, batch === 128))),
  cube(512, true),
  cube(1024, false),
];

/** One pass over a matrix. Copies are yardsticks of dropout: a memmove, and dropout without its mask. */
const matrices = [
  { rows: 128, columns: 256 },
  { rows: 1024, columns: 1024 },
];
const sizeOf = ({ rows, columns }: Matrix) => `${rows}x${columns}`;
const relu = matrices.map((matrix) =>
  workload('relu', matrix, { case: 'relu', contenders: eager, shape: sizeOf(matrix), quick: true }),
);
const dropout = matrices.flatMap((matrix) => {
  const size = sizeOf(matrix);
  const rest = { case: 'dropout', contenders: eager, quick: true };
  const yardstick = { ...rest, contenders: copying, threads: 'one' } as const;
  return [
    workload('dropout', matrix, { ...rest, shape: size }),
    workload('copy', matrix, { ...yardstick, shape: `copy of ${size}` }),
    workload('scaled-copy', matrix, { ...yardstick, shape: `scaled copy of ${size}` }),
  ];
});

/** Odd sizes, and the nearest ones that fill whole tiles: 16 columns are a panel of packed weights. */
const oddHidden = { 100: 96, 300: 320, 777: 768 };
/** One row stays one row: it does an eighth of the work on the same weights that eight do, whatever the tiles. */
const oddBatches = { 1: 1, 7: 8, 33: 32 };
const oddClasses = { 2: 16, 10: 16, 1000: 1024 };

/** Every odd size with every other, and their round neighbours; each once, though several have the same neighbour. */
function oddShapes(): Workload[] {
  const pairs = (sizes: Readonly<Record<number, number>>) => Object.entries(sizes).map(([odd, round]) => [+odd, round]);
  const found = new Map<string, Workload>();
  for (const hidden of pairs(oddHidden))
    for (const batch of pairs(oddBatches))
      for (const classes of pairs(oddClasses))
        for (const i of [0, 1]) {
          const layers = [784, hidden[i]!, hidden[i]!, classes[i]!];
          const quick = hidden[0] === 100 && batch[0] === 33 && classes[0] === 10;
          const rest = { case: 'odd-shapes', contenders: [nativeCompiled], threads: 'all', quick } as const;
          const step = trainStep({ layers, batch: batch[i]! }, rest);
          if (quick || !found.has(workloadId(step))) found.set(workloadId(step), step);
        }
  return [...found.values()];
}

/** A training step, one of whose sizes grows; by lanewise, and by one peer to tell the machine's steps from its own. */
const sweep = (name: string, values: readonly number[], kept: readonly number[], at: (n: number) => object) =>
  values.map((value) => {
    const rest = { case: `sweep-${name}`, contenders: [nativeCompiled, pytorch], threads: 'all' } as const;
    return trainStep(at(value), { ...rest, point: { name, value }, quick: kept.includes(value) });
  });
const powers = Array.from({ length: 13 }, (_, i) => 2 ** i);
/** From what fits in the first cache to far more than the last one holds. */
const widths = [64, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072, 4096];
const deep = (depth: number) => [784, ...Array<number>(depth).fill(256), 10];
const sweeps = [
  ...sweep('batch', powers, [32, 128], (batch) => ({ batch })),
  ...sweep('depth', [2, 3, 4, 6, 8, 12, 16], [2, 4], (depth) => ({ layers: deep(depth) })),
  ...sweep('width', widths, [128, 256], (width) => ({ layers: [784, width, width, 10] })),
  ...sweep('threads', [128, 1024], [128], (batch) => ({ batch })).map(
    (each): Workload => ({ ...each, threads: 'every', point: null }),
  ),
];

const starts = [workload('start', {}, { case: 'import', contenders: starting, threads: 'one', quick: true })];

const normsAndPools = layers.map(({ params, workload: own }) => workload('layer', params, own));

const ofVocabulary = vocabulary.map(({ params, workload: own }) => workload('vocabulary', params, own));

const recurrentLayers = (['LSTM', 'GRU'] as const).flatMap((kind) =>
  (
    [
      ['step', 32],
      ['forward', 32],
      ['forward', 1],
    ] as const
  ).map(([pass, batch]) => {
    const sizes = { steps: 32, inputs: 64, units: 128 };
    const gates = kind === 'LSTM' ? 4 : 3;
    // Forward one product; backward one for the states, and those of both weights. The input needs no gradient.
    const products = 2 * sizes.steps * batch * gates * sizes.units * (sizes.inputs + sizes.units);
    const flops =
      pass === 'forward' ? products : 2 * products + (products * sizes.units) / (sizes.inputs + sizes.units);
    return workload(
      'recurrent',
      { kind, pass, batch, ...sizes },
      {
        ...{ case: 'recurrent', shape: `${kind} 64-128, 32 steps, ${pass}`, batch, flops },
        ...{ contenders: [nativeCompiled, pytorch], threads: 'all', quick: pass === 'step' },
      },
    );
  }),
);

/** What `--filter` looks in: `gemm/128x256x784 nt/batch 128`. */
export function workloadId({ case: name, shape, batch, optimizer }: Workload): string {
  return [name, shape, batch === null ? null : `batch ${batch}`, optimizer].filter((part) => part !== null).join('/');
}

const studied = studies.map(({ name, workload: own }) =>
  plainWorkload({ case: name, program: name, contenders: [studying], threads: 'one', study: true, ...own }),
);

export const workloads: readonly Workload[] = [
  ...[
    ...mlpTrainStep,
    ...cnnTrainSteps,
    ...forward,
    ...gemm,
    ...relu,
    ...dropout,
    ...oddShapes(),
    ...sweeps,
    ...starts,
    ...recurrentLayers,
    ...normsAndPools,
    ...ofVocabulary,
  ],
  ...studied,
];

/** The workloads whose id contains the text; with `quick` only those marked so. */
export const selectWorkloads = (filter: string, quick: boolean): Workload[] =>
  workloads.filter((each) => (each.quick || !quick) && workloadId(each).includes(filter));
