/** The training step: how long it takes whom, by how much lanewise is ahead, and how near the machine's limit. */
import { nativeCompiled } from '../../contenders/contenders.js';
import { layerSizes } from '../../mlp.js';
import type { BenchDocument, Row } from '../../report/document.js';
import { barChart, type Panel } from '../charts/bars.js';
import { dotChart } from '../charts/dots.js';
import { type ChartFigure, countThreads, onMostThreads, type Section, unique } from '../figure.js';
import { inOrder, type Names } from '../names.js';
import type { Tone } from '../theme.js';
import { rowsOn, type Threads, timeFigure } from '../times.js';

const network = layerSizes.join('-');

/** The steps of the standard network, with dropout. */
export const trainingSteps = ({ rows }: Pick<BenchDocument, 'rows'>): Row[] =>
  rows.filter((row) => row.case === 'mlp-train-step' && row.shape === network && row.batch !== null);

export const batchesOf = (rows: readonly Row[]): number[] =>
  unique(rows.map(({ batch }) => batch).filter((batch) => batch !== null)).sort((a, b) => a - b);

const optimizersOf = (rows: readonly Row[]) => unique(rows.map(({ optimizer }) => optimizer ?? ''));

export function trainingSection(document: BenchDocument, names: Names): Section {
  const steps = trainingSteps(document);
  const figures = (['all', 'one'] as const).flatMap((threads) =>
    optimizersOf(steps).map((optimizer) => stepFigure(steps, optimizer, threads, names)),
  );
  return {
    id: 'training',
    title: 'A training step',
    text: [
      `One step of a ${network} network with ReLU and dropout of one half: gradients set to zero, forward pass, cross-entropy, backward pass, optimizer. Every contender runs its own code for it on the same shapes, with the settings that the conditions below list, and takes turns with the others.`,
      'A contender whose bar would be many times as long as the shortest is written, not drawn.',
    ],
    figures: [...figures, ...ratioFigures(steps, names), peakFigure(steps)].filter((figure) => figure !== null),
  };
}

function stepFigure(steps: readonly Row[], optimizer: string, threads: Threads, names: Names): ChartFigure | null {
  const rows = rowsOn(
    steps.filter((row) => (row.optimizer ?? '') === optimizer),
    threads,
  );
  // On a machine of one thread the two figures are the same one.
  if (threads === 'all' && rows.every((row) => row.threads === 1)) return null;
  const panels = batchesOf(rows).map((batch) => ({
    title: `${optimizer}, batch ${batch}`,
    rows: rows.filter((row) => row.batch === batch),
  }));
  const id = `training-${optimizer.toLowerCase()}-${threads === 'all' ? 'all-threads' : 'one-thread'}`;
  return timeFigure(id, 'Training step', panels, names);
}

const batchTones: readonly Tone[] = ['pytorch', 'compiled', 'jax', 'tensorflow'];

/** How many times as long each peer takes: a chart an optimizer. */
function ratioFigures(steps: readonly Row[], names: Names): ChartFigure[] {
  return optimizersOf(steps).flatMap((optimizer) => {
    const rows = onMostThreads(steps.filter((row) => (row.optimizer ?? '') === optimizer));
    const own = (batch: number) => rows.find((row) => row.contender === nativeCompiled && row.batch === batch);
    const peers = inOrder(rows.filter((row) => row.contender !== nativeCompiled));
    const labels = unique(peers.map((row) => names.of(row)));
    const series = batchesOf(rows).map((batch, i) => ({
      name: `batch ${batch}`,
      tone: batchTones[i % batchTones.length]!,
      values: labels.map((label) => {
        const peer = peers.find((row) => row.batch === batch && names.of(row) === label);
        const ours = own(batch);
        return peer === undefined || ours === undefined ? null : peer.medianMs / ours.medianMs;
      }),
    }));
    if (series.every(({ values }) => values.every((value) => value === null))) return [];
    const told = series.map(
      ({ name, values }) =>
        `${name}: ${labels.flatMap((label, i) => (values[i] == null ? [] : [`${label} ${values[i].toFixed(1)} times`])).join('; ')}.`,
    );
    return [
      {
        id: `ratio-${optimizer.toLowerCase()}`,
        caption: `Time of a step with ${optimizer} over that of lanewise, compiled: ratios of medians of one run, all threads, on a logarithmic axis. The line at 1 is lanewise.`,
        alt: `Time over lanewise, compiled, with ${optimizer}. ${told.join(' ')}`,
        chart: dotChart({
          title: `Times as long as lanewise, ${optimizer}`,
          ...{ labels, series, axis: { name: 'times as long', log: true, mark: 1 } },
        }),
      },
    ];
  });
}

/** The compiled step beside what the machine's multiply-add units could do. */
function peakFigure(steps: readonly Row[]): ChartFigure | null {
  const rows = steps.filter((row) => row.contender === nativeCompiled && row.percentOfPeak !== null);
  if (rows.length === 0) return null;
  const label = (row: Row) => `batch ${row.batch}, ${row.optimizer}`;
  const labels = unique(rows.map(label));
  const threads = unique(rows.map((row) => row.threads)).sort((a, b) => a - b);
  const panels = threads.map((count): Panel => {
    const bars = labels.map((each) => {
      const row = rows.find((candidate) => candidate.threads === count && label(candidate) === each);
      const value = row?.percentOfPeak ?? null;
      if (row === undefined || value === null) return null;
      const at = (ms: number) => (value * row.medianMs) / ms;
      const best = row.p5PercentOfPeak ?? at(row.p5Ms);
      return { value, low: at(row.p90Ms), high: best, tone: 'compiled' as const, text: `${value.toFixed(0)} %` };
    });
    return { title: countThreads(count), bars };
  });
  const told = panels.map(
    ({ title, bars }) =>
      `${title}: ${labels.flatMap((each, i) => (bars[i] ? [`${each} ${bars[i].text}`] : [])).join('; ')}.`,
  );
  return {
    id: 'training-percent-of-peak',
    caption:
      'lanewise, compiled: share of the FMA peak that was measured between its turns. Whiskers from the 90th percentile of its times to the best 5th.',
    alt: `Share of the FMA peak of the compiled step. ${told.join(' ')}`,
    chart: barChart({ labels, panels, axis: '% of the FMA peak', end: 100 }),
  };
}
