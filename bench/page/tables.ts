/** Everything as tables: who was measured on what, the targets, and every row. */
import type { VNode } from 'preact';
import type { BenchDocument, Row } from '../report/document.js';
import { formatMs } from '../report/text.js';
import { formatTime, unique } from './figure.js';
import { html, table } from './html.js';
import type { Names } from './names.js';
import type { Summary } from './summary.js';

const [number, whole] = [true, true];
const none = '–';
const rounded = (value: number | null, digits: number) => (value === null ? none : value.toFixed(digits));
const times = (ratio: number | null) =>
  ratio === null ? none : `${ratio >= 100 ? ratio.toFixed(0) : ratio.toPrecision(ratio < 10 ? 2 : 3)}×`;

export function summaryTable({ threads, peers, lines }: Summary): VNode {
  return table(
    `A training step with SGD, ${threads === 1 ? 'one thread' : `${threads} threads`}: lanewise, compiled, and how many times as long its peers take`,
    [
      ...[{ name: 'batch' }, { name: 'time', number }, { name: '% of peak', number }, { name: 'best 5 %', number }],
      ...peers.map((name) => ({ name, number })),
    ],
    lines.map(({ batch, medianMs, percentOfPeak, p5PercentOfPeak, ratios }) => [
      ...[batch, formatTime(medianMs), rounded(percentOfPeak, 0), rounded(p5PercentOfPeak, 0)],
      ...ratios.map(times),
    ]),
  );
}

export function targetTable({ targets }: BenchDocument): VNode {
  return table(
    'What the project set out to reach, and what this run measured',
    [{ name: 'target' }, { name: 'measured', number }, { name: 'asked', number }, { name: 'result' }],
    targets.map(({ what, value, unit, target, bound, reached }) => [
      what,
      `${value.toPrecision(3)}${unit}`,
      `${bound === 'least' ? '≥' : '≤'} ${target}${unit}`,
      html`<span class=${reached ? 'reached' : 'short'}>${reached ? 'reached' : 'short'}</span>`,
    ]),
  );
}

export function figureTable({ figures }: BenchDocument): VNode {
  return table(
    'Figures of studies',
    [{ name: 'figure' }, { name: 'study' }, { name: 'measured', number }, { name: 'asked', number }],
    figures.map(({ case: name, what, value, unit, target, bound }) => [
      what,
      name,
      `${value.toPrecision(3)}${unit}`,
      target === null ? none : `${bound === 'most' ? '≤' : '≥'} ${target}${unit}`,
    ]),
  );
}

export function machineTable({ machine, run, peaks }: BenchDocument): VNode {
  const { commit, version, changed } = machine.lanewise;
  const lanewise = `${version}${commit === null ? '' : `, commit ${commit}`}${changed ? ' with changes' : ''}`;
  return table(
    'Machine and run',
    [{ name: '' }, { name: '' }],
    [
      ['processor', `${machine.cpu}, ${machine.logicalCpus} logical, ${machine.allowedCpus} allowed`],
      ['instruction sets', machine.isas.join(', ') || none],
      ['threads', `${machine.threads} (${machine.threadSource})`],
      ...peaks.map(({ isa, threads, median, lowest, highest }) => [
        `FMA peak, ${isa}, ${threads === 1 ? '1 thread' : `${threads} threads`}`,
        `${median.toFixed(1)} GFLOP/s (${lowest.toFixed(1)} to ${highest.toFixed(1)} over the run)`,
      ]),
      ['platform', `${machine.platform}, Node ${machine.node}`],
      ['lanewise', lanewise],
      ['started', `${run.startedAt.slice(0, 16).replace('T', ' ')} UTC, took ${formatDuration(run.seconds)}`],
      ['rounds', `${run.rounds}${run.quick ? ', short turns (--quick)' : ''}`],
      ['command', html`<code>${['npm run bench --', ...run.options].join(' ')}</code>`],
    ],
  );
}

const formatDuration = (seconds: number) =>
  seconds < 120 ? `${seconds.toFixed(0)} s` : `${(seconds / 60).toFixed(0)} min`;

export function contenderTable({ contenders }: BenchDocument, names: Names): VNode {
  return table(
    'Who took part',
    [
      ...[{ name: 'contender', whole }, { name: 'id', whole }, { name: 'versions' }],
      ...[{ name: 'threads by itself' }, { name: 'settings' }],
    ],
    contenders.map(({ id, isa, versions, threads, threadSource, notes }) => [
      names.of({ contender: id, isa }),
      html`<code>${id}</code>${isa === null ? '' : ` ${isa}`}`,
      Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', '),
      `${threads} (${threadSource})`,
      notes.join('; ') || none,
    ]),
  );
}

export function absentTable({ absent }: BenchDocument, names: Names): VNode {
  return table(
    'Who did not, and why',
    [{ name: 'contender' }, { name: 'why' }],
    absent.map(({ id, why }) => [names.of({ contender: id, isa: null }), why]),
  );
}

/** A table for each case. */
export function rowTables({ rows }: BenchDocument, names: Names): VNode[] {
  return unique(rows.map((row) => row.case)).map((name) =>
    rowTable(
      name,
      rows.filter((row) => row.case === name),
      names,
    ),
  );
}

function rowTable(name: string, rows: readonly Row[], names: Names): VNode {
  return table(
    `All rows of ${name}; times in milliseconds`,
    [
      ...[{ name: 'contender', whole }, { name: 'shape', whole }, { name: 'batch', number }, { name: 'optimizer' }],
      ...['threads', 'median', 'best 5 %', '10 % to 90 %', 'samples', 'GFLOP/s', '% of peak', 'over pure TS'].map(
        (each) => ({
          ...{ name: each, number },
        }),
      ),
    ],
    rows.map((row) => [
      names.of(row),
      row.shape ?? none,
      row.batch ?? none,
      row.optimizer ?? none,
      row.threads,
      formatMs(row.medianMs),
      formatMs(row.p5Ms),
      `${formatMs(row.p10Ms)} to ${formatMs(row.p90Ms)}`,
      row.samples,
      rounded(row.gflops, 1),
      rounded(row.percentOfPeak, 0),
      times(row.speedupOverReference),
    ]),
  );
}
