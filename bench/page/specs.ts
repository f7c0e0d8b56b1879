/** The charts of the report, as data: which rows each shows, and what of them. */
import type { Row } from '../results/document.js';

/** What rows are told apart by; `charts.ts` says how each is read off a row. */
export type Field = 'contender' | 'batch' | 'threads' | 'shape' | 'size' | 'pass' | 'step' | 'place';

export interface ChartSpec {
  /** The name of its file, and of its place in the page. */
  readonly id: string;
  readonly title: string;
  /** What rows must be equal to. */
  readonly where: Partial<Pick<Row, 'case' | 'shape' | 'optimizer' | 'contender'>>;
  /** Rows on one thread; or each contender's on most. All where it is not said. */
  readonly threads?: 'one' | 'all';
  /** One drawing for each of these, side by side. */
  readonly panel?: Field;
  /** What stands on the category axis: of numbers, which lines join, where it is `place`. */
  readonly category: Field;
  /** What is told apart by colour and a legend, where that is not the category. */
  readonly series?: Field;
  /** Times stand on a logarithmic axis, speeds on one from zero. */
  readonly value: 'medianMs' | 'gflops' | 'percentOfPeak';
}

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly text: string;
  readonly charts: readonly ChartSpec[];
}

const step = { case: 'mlp-train-step', shape: '784-256-128-10' };
const cnn = { case: 'cnn-train-step', optimizer: 'SGD' };
const [time, peak] = [
  { panel: 'batch', category: 'contender', value: 'medianMs' },
  { panel: 'threads', value: 'percentOfPeak' },
] as const;
const pass = { threads: 'one', panel: 'size', category: 'pass', value: 'medianMs' } as const;
const sweep = { category: 'place', series: 'contender', value: 'gflops' } as const;

/** On all threads and on one. */
const times = (id: string, title: string, where: ChartSpec['where']): ChartSpec[] => [
  { id: `${id}-all-threads`, title: `${title}, all threads`, where, threads: 'all', ...time },
  { id: `${id}-one-thread`, title: `${title}, one thread`, where, threads: 'one', ...time },
];

const compiled = { ...step, contender: 'native-compiled' };
const peakTitle = 'Training step, lanewise compiled: share of the FMA peak';
const gemmTitle = 'Matrix products: share of the FMA peak';
const [width, depth] = ['By width of two hidden layers, batch 128', 'By hidden layers of 256, batch 128'];
const [batch, threads] = ['By batch size, 784-256-128-10', 'By threads, 784-256-128-10'];

export const sections: readonly Section[] = [
  {
    id: 'training',
    title: 'A training step',
    text: 'One step of 784-256-128-10 with ReLU and dropout of one half: gradients set to zero, forward pass, cross-entropy, backward pass, optimizer. Every contender runs its own code for it on the same shapes, with the settings that the conditions below list. The convolutional network has 3x3 convolutions of 1 to 32 to 64 channels on 28x28, each with ReLU and a 2x2 max pool, dropout of feature maps, and 3136-128-10.',
    charts: [
      ...times('training-sgd', 'Training step, SGD', { ...step, optimizer: 'SGD' }),
      ...times('training-adam', 'Training step, Adam', { ...step, optimizer: 'Adam' }),
      ...times('cnn-training-sgd', 'Training step of a convolutional network, SGD', cnn),
      { id: 'training-percent-of-peak', title: peakTitle, where: compiled, category: 'step', ...peak },
    ],
  },
  {
    id: 'growth',
    title: 'How it grows',
    text: 'A whole training step with SGD while one size goes through a range and the others stay; on all threads but where threads are what grows. Points stand at equal distances.',
    charts: [
      { id: 'sweep-depth', title: depth, where: { case: 'sweep-depth' }, ...sweep },
      { id: 'sweep-width', title: width, where: { case: 'sweep-width' }, ...sweep },
      { id: 'sweep-batch', title: batch, where: { case: 'sweep-batch' }, ...sweep },
      { id: 'sweep-threads', title: threads, where: { case: 'sweep-threads' }, panel: 'batch', ...sweep },
    ],
  },
  {
    id: 'parts',
    title: 'Parts of it',
    text: 'A forward pass in eval mode, as an answer of a service takes it. The matrix products of a step and cubes, with nothing packed in advance: shapes are rows x columns x depth; nt is a forward pass, nn an input gradient, tn a weight gradient. One pass over a matrix on one thread; a plain copy and a copy with scaling are the yardsticks of dropout.',
    charts: [
      ...times('forward', 'Forward pass', { case: 'forward' }),
      { id: 'gemm', title: gemmTitle, where: { case: 'gemm' }, category: 'shape', series: 'contender', ...peak },
      { id: 'dropout', title: 'Dropout', where: { case: 'dropout' }, ...pass },
      { id: 'relu', title: 'ReLU', where: { case: 'relu' }, ...pass },
    ],
  },
];
