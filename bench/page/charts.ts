/** Draws a chart of specs.ts: from its data to ECharts' option, and from that to SVG text without a browser. */
import { LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent, LegendComponent, MarkLineComponent, TitleComponent } from 'echarts/components';
import { type EChartsCoreOption, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { contenderIds, contenderNames } from '../contenders/contenders.js';
import type { Row } from '../results/document.js';
import { countThreads, formatMs } from '../results/text.js';
import type { ChartSpec, Field } from './specs.js';

use([LineChart, ScatterChart, GridComponent, LegendComponent, MarkLineComponent, TitleComponent, SVGRenderer]);

export interface Chart {
  readonly id: string;
  readonly caption: string;
  readonly svg: string;
}

const colours: Readonly<Record<string, string>> = {
  ...{ 'native-compiled': '#0a5ca8', native: '#4a8cc9', pytorch: '#b84a00', 'pytorch-compile': '#d98a52' },
  ...{ jax: '#0f7a55', tensorflow: '#7b3fc4', ink: '#1c2128', muted: '#57606a', rule: '#dfe3e8' },
};
const colourOf = ({ contender }: Row) => colours[contender] ?? '#6b7480';
const [ink, muted] = [
  { color: colours.ink, fontSize: 12 },
  { color: colours.muted, fontSize: 11 },
];

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

/** The value, and the ends of its whisker. */
function reading(row: Row, value: ChartSpec['value']): [value: number, low: number, high: number] {
  if (value === 'medianMs') return [row.medianMs, row.p10Ms, row.p90Ms];
  const at = row[value]!;
  return [at, (at * row.medianMs) / row.p90Ms, (at * row.medianMs) / row.p10Ms];
}

/** Null when there is nothing to draw. */
export function drawChart(spec: ChartSpec, all: readonly Row[]): Chart | null {
  const { id, title, value } = spec;
  const rows = rowsOf(spec, all);
  // On a machine of one thread the chart of all threads shows the same.
  if (rows.length === 0 || (spec.threads === 'all' && rows.every(({ threads }) => threads === 1))) return null;
  const [panelOf, categoryOf, seriesOf] = [spec.panel, spec.category, spec.series].map((field) =>
    field === undefined ? () => '' : fields[field],
  ) as [(row: Row) => string, (row: Row) => string, (row: Row) => string];
  const unique = (of: (row: Row) => string) => [...new Set(rows.map(of))];
  const [panels, categories, series] = [unique(panelOf), unique(categoryOf), unique(seriesOf)];
  panels.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  /** Lines go to the right; dots have a line of text each, whose width is a guess without a browser. */
  const [lines, hasLegend] = [spec.category === 'place', spec.series !== undefined];
  const left = lines ? 64 : 16 + 7.3 * Math.max(...categories.map(({ length }) => length));
  const [width, height] = lines ? [Math.max(320, 46 * categories.length), 220] : [220, 26 * categories.length];
  const [top, below, gap] = [58, hasLegend ? 72 : 44, 76];
  const at = (panel: number) => left + panel * (width + gap);
  const point = (row: Row, number: number) => (lines ? [categoryOf(row), number] : [number, categoryOf(row)]);
  const names = panels.map((_, gridIndex) => ({
    ...{ type: 'category', data: categories, gridIndex, inverse: !lines, axisTick: { show: false } },
    axisLabel: { ...ink, interval: 0, show: lines || gridIndex === 0 },
  }));
  const ends = rows.flatMap((row) => reading(row, value).map(Math.log10));
  // The same decades in all panels.
  const decades = { min: 10 ** Math.floor(Math.min(...ends)), max: 10 ** Math.ceil(Math.max(...ends)) };
  const numbers = panels.map((_, gridIndex) => ({
    ...(value === 'medianMs' ? decades : {}),
    ...{ type: value === 'medianMs' ? 'log' : 'value', gridIndex, name: units[value], nameLocation: 'middle' },
    ...{ nameGap: lines ? 40 : 24, nameTextStyle: muted, axisLabel: muted },
    splitLine: { lineStyle: { color: colours.rule } },
  }));
  const drawn = (panel: number, name: string) => {
    const own = rows.filter((row) => panelOf(row) === panels[panel] && seriesOf(row) === name);
    const label = (row: Row) => (value === 'medianMs' ? formatMs(row.medianMs) : row[value]!.toFixed(0));
    const shown = { ...muted, show: !hasLegend, position: 'top', distance: 2 };
    return {
      ...{ name, type: lines ? 'line' : 'scatter', xAxisIndex: panel, yAxisIndex: panel, symbol: 'circle' },
      ...{ symbolSize: 8, silent: true, color: own[0] && colourOf(own[0]) },
      data: own.map((row) => ({
        value: point(row, reading(row, value)[0]),
        itemStyle: { color: colourOf(row) },
        label: { ...shown, formatter: label(row) },
      })),
      markLine: {
        ...{ symbol: 'none', silent: true, label: { show: false } },
        data: own.map((row) => {
          const [low, high] = reading(row, value)
            .slice(1)
            .map((end) => ({ coord: point(row, end) }));
          return [{ ...low, lineStyle: { type: 'solid', width: 1.5, color: colourOf(row) } }, high];
        }),
      },
    };
  };
  const heading = (text: string, x: number, y: number) => ({ text, left: x, top: y, padding: 0, textStyle: ink });
  const option = {
    ...{ animation: false, backgroundColor: '#ffffff', textStyle: { fontFamily: 'system-ui, sans-serif' } },
    title: [heading(title, 6, 6), ...panels.map((name, i) => heading(name, at(i), top - 22))],
    legend: hasLegend
      ? [{ data: series, top: top + height + 44, left: 6, textStyle: ink, icon: 'circle', itemGap: 32 }]
      : [],
    grid: panels.map((_, i) => ({ left: at(i), width, top, height })),
    ...{ xAxis: lines ? names : numbers, yAxis: lines ? numbers : names },
    series: panels.flatMap((_, panel) => series.map((name) => drawn(panel, name))),
  };
  const axis = value === 'medianMs' ? 'a logarithmic axis; less is better' : 'an axis from zero';
  const caption = `${title}: medians in ${units[value]} on ${axis}. Lines reach from the 10th to the 90th percentile of time.`;
  return { id, caption, svg: render(option, at(panels.length), top + height + below, id, caption) };
}

/** Without what is for scripts and pointers, which are not there; the renderer's own names differ from call to call. */
function render(option: EChartsCoreOption, width: number, height: number, id: string, caption: string): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    chart.setOption(option);
    const svg = chart.renderToSVGString().replace(/ (ecmeta_\w+|pointer-events|class)="[^"]*"/g, '');
    const tidy = svg.replace(/<style\s*>[\s\S]*?<\/style>/g, '').replace(/\bzr\d+-/g, `${id}-`);
    return tidy.replace(/^<svg ([^>]*)>/, (_, attributes) => `<svg role="img" ${attributes}><title>${caption}</title>`);
  } finally {
    // Else its timers keep the process alive.
    chart.dispose();
  }
}
