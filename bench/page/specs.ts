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

/** What each contender needs, batch by batch. */
function timeCharts(id: string, title: string, where: ChartSpec['where']): ChartSpec[] {
  const shared = { where, panel: 'batch', category: 'contender', value: 'medianMs' } as const;
  return [
    { id: `${id}-all-threads`, title: `${title}, all threads`, threads: 'all', ...shared },
    { id: `${id}-one-thread`, title: `${title}, one thread`, threads: 'one', ...shared },
  ];
}

const sweep = (name: string, title: string, panel: Pick<ChartSpec, 'panel'> = {}): ChartSpec => {
  const where = { case: `sweep-${name}` };
  return { id: where.case, title, where, category: 'place', series: 'contender', value: 'gflops', ...panel };
};

const pass = (name: string, title: string): ChartSpec => {
  const shared = { threads: 'one', panel: 'size', category: 'pass', value: 'medianMs' } as const;
  return { id: name, title, where: { case: name }, ...shared };
};

const peak = { panel: 'threads', value: 'percentOfPeak' } as const;
const peakTitle = 'Training step, lanewise compiled: share of the FMA peak';

export const sections: readonly Section[] = [
  {
    id: 'training',
    title: 'A training step',
    text: 'One step of 784-256-128-10 with ReLU and dropout of one half: gradients set to zero, forward pass, cross-entropy, backward pass, optimizer. Every contender runs its own code for it on the same shapes, with the settings that the conditions below list.',
    charts: [
      ...timeCharts('training-sgd', 'Training step, SGD', { ...step, optimizer: 'SGD' }),
      ...timeCharts('training-adam', 'Training step, Adam', { ...step, optimizer: 'Adam' }),
      {
        ...{ id: 'training-percent-of-peak', title: peakTitle, where: { ...step, contender: 'native-compiled' } },
        ...{ category: 'step', ...peak },
      },
    ],
  },
  {
    id: 'growth',
    title: 'How it grows',
    text: 'A whole training step with SGD while one size goes through a range and the others stay; on all threads but where threads are what grows. Points stand at equal distances.',
    charts: [
      sweep('depth', 'By hidden layers of 256, batch 128'),
      sweep('width', 'By width of two hidden layers, batch 128'),
      sweep('batch', 'By batch size, 784-256-128-10'),
      sweep('threads', 'By threads, 784-256-128-10', { panel: 'batch' }),
    ],
  },
  {
    id: 'forward',
    title: 'A forward pass',
    text: 'What an answer of a service takes: the network in eval mode, without gradients, called from the language of the contender.',
    charts: timeCharts('forward', 'Forward pass', { case: 'forward' }),
  },
  {
    id: 'products',
    title: 'Matrix products',
    text: 'The products of a step one by one, and cubes, with nothing packed in advance. Shapes are rows x columns x depth: nt is a forward pass, nn an input gradient, tn a weight gradient.',
    charts: [
      {
        ...{ id: 'gemm', title: 'Matrix products: share of the FMA peak', where: { case: 'gemm' } },
        ...{ category: 'shape', series: 'contender', ...peak },
      },
    ],
  },
  {
    id: 'elementwise',
    title: 'Dropout and ReLU',
    text: 'One pass over a matrix on one thread. Dropout draws its mask, scales and writes; a plain copy and a copy with scaling are its yardsticks.',
    charts: [pass('dropout', 'Dropout'), pass('relu', 'ReLU')],
  },
];
