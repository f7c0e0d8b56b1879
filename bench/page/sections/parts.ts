/** What a step is made of, by itself: matrix products, dropout, ReLU; and the forward pass alone. */
import { native } from '../../contenders/contenders.js';
import type { BenchDocument, Row } from '../../report/document.js';
import { dotChart } from '../charts/dots.js';
import { type ChartFigure, countThreads, type Section, slug, unique } from '../figure.js';
import { inOrder, type Names, toneOf } from '../names.js';
import { batchesOf } from './training.js';
import { rowsOn, timeFigure } from '../times.js';

export function forwardSection({ rows }: BenchDocument, names: Names): Section {
  const forward = rows.filter((row) => row.case === 'forward');
  const figures = (['one', 'all'] as const).flatMap((threads) => {
    const on = rowsOn(forward, threads);
    if (threads === 'all' && on.every((row) => row.threads === 1)) return [];
    return inTwos(batchesOf(on)).map((batches) => {
      const panels = batches.map((batch) => ({
        title: `batch ${batch}`,
        rows: on.filter((row) => row.batch === batch),
      }));
      const id = `forward-${batches.join('-')}-${threads === 'all' ? 'all-threads' : 'one-thread'}`;
      return timeFigure(id, 'Forward pass', panels, names);
    });
  });
  return {
    id: 'forward',
    title: 'A forward pass',
    text: [
      'What an answer of a service takes: the network in eval mode, without gradients, called from the language of the contender.',
    ],
    figures: figures.filter((figure) => figure !== null),
  };
}

const inTwos = (values: readonly number[]): number[][] =>
  values.flatMap((value, i) => (i % 2 === 0 ? [[value, ...values.slice(i + 1, i + 2)]] : []));

export function gemmSection({ rows }: BenchDocument, names: Names): Section {
  const products = rows.filter((row) => row.case === 'gemm' && row.percentOfPeak !== null);
  const counts = unique(products.map(({ threads }) => threads)).sort((a, b) => a - b);
  return {
    id: 'gemm',
    title: 'Matrix products',
    text: [
      'The products of a step one by one, and cubes, with memory allocated beforehand and nothing packed in advance. Shapes are rows x columns x depth: nt is a forward pass, nn an input gradient, tn a weight gradient.',
    ],
    figures: counts.flatMap((threads) => productFigure(products, threads, names) ?? []),
  };
}

const shapeLabel = ({ shape }: Row) => shape ?? '';

function productFigure(products: readonly Row[], threads: number, names: Names): ChartFigure | null {
  const rows = inOrder(products.filter((row) => row.threads === threads));
  // Who runs on one thread only is shown there.
  const labels = unique(products.map(shapeLabel));
  const series = unique(rows.map((row) => names.ofOp(row))).map((name) => {
    const own = rows.filter((row) => names.ofOp(row) === name);
    const values = labels.map((label) => own.find((row) => shapeLabel(row) === label)?.percentOfPeak ?? null);
    return { name, tone: toneOf(own[0]!), values };
  });
  if (series.length === 0) return null;
  const told = series.map(({ name, values }) => {
    const shares = values.filter((value) => value !== null);
    return `${name}: from ${Math.min(...shares).toFixed(0)} to ${Math.max(...shares).toFixed(0)} percent.`;
  });
  const most = Math.max(100, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  return {
    id: `gemm-${threads === 1 ? 'one-thread' : `${threads}-threads`}`,
    caption: `Share of the FMA peak that single matrix products reach, ${countThreads(threads)}, at the median.`,
    alt: `Share of the FMA peak of ${labels.length} matrix products, ${countThreads(threads)}. ${told.join(' ')}`,
    chart: dotChart({
      title: `Matrix products, ${countThreads(threads)}`,
      ...{ labels, series, axis: { name: '% of the FMA peak', log: false, end: Math.ceil(most / 10) * 10 } },
    }),
  };
}

/** `copy of 128x256`, `128x256`: what is done, and on how much. */
function splitShape(shape: string | null): { readonly what: string | null; readonly size: string } {
  const [, what = null, size = ''] = /^(?:(.*) of )?(\S+)$/.exec(shape ?? '') ?? [];
  return { what, size };
}

export function elementwiseSection({ rows }: BenchDocument, names: Names): Section {
  const one = rows.filter((row) => row.threads === 1);
  return {
    id: 'elementwise',
    title: 'Dropout and ReLU',
    text: [
      'One pass over a matrix. Dropout draws its mask, scales and writes; a plain copy and a copy with scaling stand beside it as yardsticks.',
    ],
    figures: [...passFigures(one, 'dropout', 'Dropout', names), ...passFigures(one, 'relu', 'ReLU', names)],
  };
}

/** One a size: a small matrix and a large one have little in common. */
function passFigures(rows: readonly Row[], name: string, what: string, names: Names): ChartFigure[] {
  // A copy is there to compare with: that of lanewise is enough.
  const chosen = rows.filter(
    (row) => row.case === name && (row.contender === native || splitShape(row.shape).what === null),
  );
  const label = (row: Row) => splitShape(row.shape).what ?? names.ofOp(row);
  return unique(chosen.map((row) => splitShape(row.shape).size)).flatMap((size) => {
    const own = chosen.filter((row) => splitShape(row.shape).size === size);
    return (
      timeFigure(
        slug(`${name} ${size}`),
        `${what} of ${size}`,
        [{ title: `${what}, ${size}`, rows: own }],
        names,
        label,
      ) ?? []
    );
  });
}
