/** Draws a chart of specs.ts: from its data to SVG text, without a browser. */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { contenderIds, contenderNames } from '../contenders/contenders.js';
import type { Row } from '../results/document.js';
import { countThreads, formatMs } from '../results/text.js';
import type { ChartSpec, Field } from './specs.js';

export interface Chart {
  readonly id: string;
  readonly caption: string;
  readonly svg: string;
}

const colours: Readonly<Record<string, string>> = {
  ...{ 'native-compiled': '#0a5ca8', native: '#4a8cc9', pytorch: '#b84a00', 'pytorch-compile': '#d98a52' },
  ...{ 'pytorch-channels-last': '#8a1c4a', jax: '#0f7a55', tensorflow: '#7b3fc4' },
};
const otherColour = '#6b7480';

export const nameOf = ({ contender }: Pick<Row, 'contender'>): string => contenderNames[contender] ?? contender;

/** `copy of 128x256`, `128x256`: what is done, and on how much. */
const splitShape = ({ shape }: Row) => /^(?:(.*) of )?(.*)$/.exec(shape ?? '')!.slice(1);
const placeOf = ({ point, threads }: Row) => point?.value ?? threads;

const fields: Readonly<Record<Field, (row: Row) => string>> = {
  contender: nameOf,
  batch: ({ batch }) => `batch ${batch}`,
  threads: ({ threads }) => countThreads(threads),
  shape: ({ shape }) => shape ?? '',
  size: (row) => splitShape(row)[1] ?? '',
  pass: (row) => [nameOf(row), splitShape(row)[0]].filter(Boolean).join(': '),
  step: ({ batch, optimizer }) => `batch ${batch}, ${optimizer}`,
  place: (row) => String(placeOf(row)),
};

/** The rows of a chart in the order of its axes. Of several instruction sets the fastest counts. */
export function rowsOf({ where, threads, value, category }: ChartSpec, rows: readonly Row[]): Row[] {
  const fits = (row: Row) => Object.entries(where).every(([field, wanted]) => row[field as 'case'] === wanted);
  const found = new Map<string, Row>();
  for (const row of rows) {
    if (!fits(row) || row[value] === null || (threads === 'one' && row.threads > 1)) continue;
    const count = threads === 'all' ? null : row.threads;
    const key = JSON.stringify([row.contender, row.shape, row.batch, row.optimizer, row.point, count]);
    const before = found.get(key) ?? { threads: 0, medianMs: 0 };
    if (row.threads > before.threads || (row.threads === before.threads && row.medianMs < before.medianMs))
      found.set(key, row);
  }
  const places = (row: Row) => (category === 'place' ? placeOf(row) : 0);
  const order = (row: Row) => contenderIds.indexOf(row.contender);
  return [...found.values()].sort(
    (a, b) => places(a) - places(b) || order(a) - order(b) || (a.batch ?? 0) - (b.batch ?? 0) || a.threads - b.threads,
  );
}

const units = { medianMs: 'ms', gflops: 'GFLOP/s', percentOfPeak: '% of the FMA peak' } as const;

/** What is drawn of a row. Of a speed the ends of its whisker are those at the ends of its times. */
function pointOf(row: Row, { value, panel, category }: ChartSpec) {
  const at = row[value]!;
  const [low, high] =
    value === 'medianMs' ? [row.p10Ms, row.p90Ms] : [row.p90Ms, row.p10Ms].map((ms) => (at * row.medianMs) / ms);
  const label = value === 'medianMs' ? formatMs(at) : at.toFixed(0);
  const place = { panel: panel ? fields[panel](row) : '', category: fields[category](row), series: nameOf(row) };
  return { ...place, at, low, high, label, colour: colours[row.contender] ?? otherColour };
}

/** Null when there is nothing to draw. */
export function drawChart(spec: ChartSpec, all: readonly Row[]): Chart | null {
  const { id, title, value } = spec;
  const rows = rowsOf(spec, all);
  // On a machine of one thread the chart of all threads shows the same.
  if (rows.length === 0 || (spec.threads === 'all' && rows.every(({ threads }) => threads === 1))) return null;
  const points = rows.map((row) => pointOf(row, spec));
  const [panels, categories] = [
    [...new Set(points.map(({ panel }) => panel))].sort((a, b) => a.localeCompare(b, 'en', { numeric: true })),
    [...new Set(points.map(({ category }) => category))],
  ];
  const axis = value === 'medianMs' ? 'a logarithmic axis; less is better' : 'an axis from zero';
  const caption = `${title}: medians in ${units[value]} on ${axis}. Lines reach from the 10th to the 90th percentile of time.`;

  const lines = spec.category === 'place';
  const legend = spec.series === undefined ? [] : [...new Map(points.map(({ series, colour }) => [series, colour]))];
  const margins = {
    marginTop: 58,
    marginLeft: lines ? 64 : 20 + 7 * Math.max(...categories.map(({ length }) => length)),
  };
  const [width, height] = lines ? [Math.max(320, 46 * categories.length), 220] : [260, 26 * categories.length];
  const marginBottom = 48 + 16 * legend.length;
  const shared = { fx: 'panel', stroke: 'colour' };
  const along = lines ? { x: 'category', y: 'at' } : { x: 'at', y: 'category' };
  const heading = (text: string, options: Plot.TextOptions) =>
    Plot.text([text], { facet: 'super', textAnchor: 'start', dx: -margins.marginLeft + 6, fontSize: 12, ...options });
  const logarithmic = { type: 'log', tickFormat: '~r', ticks: 4 } as const;
  const numbers: Plot.ScaleOptions = {
    ...{ label: units[value], labelAnchor: 'center', grid: true },
    ...(value === 'medianMs' ? logarithmic : { zero: true }),
  };
  const names: Plot.ScaleOptions = { type: 'point', domain: categories, label: null, padding: 0.5 };
  const svg = Plot.plot({
    ...{ document, className: 'chart', ariaLabel: caption, ...margins, marginBottom },
    style: { background: 'white', color: '#1c2128', fontSize: '12px' },
    width: margins.marginLeft + panels.length * (width + 24),
    height: margins.marginTop + height + marginBottom,
    fx: { domain: panels, label: null },
    ...(lines ? { x: names, y: numbers } : { x: numbers, y: names }),
    marks: [
      heading(title, { frameAnchor: 'top-left', dy: -50 }),
      ...legend.map(([name, fill], i) =>
        heading(`● ${name}`, { frameAnchor: 'bottom-left', dy: 48 + 16 * i, fill, lineAnchor: 'top' }),
      ),
      lines
        ? Plot.ruleX(points, { ...shared, x: 'category', y1: 'low', y2: 'high' })
        : Plot.ruleY(points, { ...shared, y: 'category', x1: 'low', x2: 'high' }),
      Plot.dot(points, { ...shared, ...along, fill: 'colour', r: 4 }),
      lines ? Plot.line(points, { ...shared, ...along, z: 'series' }) : null,
      legend.length === 0 ? Plot.text(points, { ...along, fx: 'panel', text: 'label', dy: -10 }) : null,
    ],
  });
  svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  svg.setAttribute('role', 'img');
  return { id, caption, svg: svg.outerHTML };
}

/** Plot draws into a document; a browser's is not there. */
const { document } = parseHTML('<html></html>');
