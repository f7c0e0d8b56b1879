/** The report: one page that needs nothing but itself. Preact writes it out, and escapes every text. */
import { readFileSync } from 'node:fs';
import { html } from 'htm/preact';
import type { VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';
import { nativeCompiled } from '../contenders/contenders.js';
import type { BenchDocument, Row } from '../results/document.js';
import { formatMs, formatPeak, formatRatio } from '../results/text.js';
import { type Chart, drawChart, nameOf, rowsOf } from './charts.js';
import { type ChartSpec, sections } from './specs.js';

type Cell = string | number | null;

/** Columns whose name begins with `>` stand to the right. Wide tables move in a frame, which the keyboard reaches too. */
function table(caption: string, columns: readonly string[], lines: readonly (readonly Cell[])[]): VNode {
  const side = (i: number) => (columns[i]!.startsWith('>') ? 'number' : undefined);
  return html`
    <div class="frame" role="region" aria-label=${caption} tabindex="0">
      <table>
        <caption>${caption}</caption>
        <thead><tr>${columns.map((name, i) => html`<th scope="col" class=${side(i)}>${name.replace('>', '')}</th>`)}</tr></thead>
        <tbody>${lines.map((line) => html`<tr>${line.map((cell, i) => html`<td class=${side(i)}>${cell ?? '–'}</td>`)}</tr>`)}</tbody>
      </table>
    </div>` as VNode;
}

const times = (ratio: number | null | undefined) => (ratio == null ? null : `${formatRatio(ratio)}×`);

/** The compiled step with SGD at each batch size, and how many times as long its peers take. */
function summary(rows: readonly Row[]): VNode | null {
  const spec = sections[0]!.charts[0] as ChartSpec;
  const steps = rowsOf(spec, rows);
  const own = steps.filter(({ contender }) => contender === nativeCompiled);
  const peers = [...new Set(steps.map(nameOf))].filter((name) => name !== nameOf({ contender: nativeCompiled }));
  if (own.length === 0) return null;
  return table(
    `${spec.title}: lanewise compiled, and how many times as long its peers take`,
    ['>batch', '>ms', '>% of peak', '>best 5 %', ...peers.map((name) => `>${name}`)],
    own.map(({ batch, medianMs, percentOfPeak, p5PercentOfPeak }) => [
      ...[batch, formatMs(medianMs), percentOfPeak?.toFixed(0) ?? null, p5PercentOfPeak?.toFixed(0) ?? null],
      ...peers.map((name) => {
        const peer = steps.find((row) => row.batch === batch && nameOf(row) === name);
        return times(peer === undefined ? null : peer.medianMs / medianMs);
      }),
    ]),
  );
}

function conditions({ machine, run, peaks, contenders, absent, failures }: BenchDocument): VNode {
  const { commit, version, changed } = machine.lanewise;
  const took = contenders.map(({ id, isa, versions, threads, threadSource, notes }) => {
    const each = Object.entries(versions).map((parts) => parts.join(' '));
    return [
      nameOf({ contender: id }),
      isa === null ? id : `${id} ${isa}`,
      each.join(', '),
      `${threads} (${threadSource})`,
      notes.join('; '),
    ];
  });
  return html`
    ${table(
      'Machine and run',
      ['what', 'value'],
      [
        ['processor', `${machine.cpu}, ${machine.logicalCpus} logical, ${machine.allowedCpus} allowed`],
        ['instruction sets', machine.isas.join(', ')],
        ['threads', `${machine.threads} (${machine.threadSource})`],
        ...peaks.map((peak) =>
          formatPeak(peak)
            .split(/: (.*)/)
            .slice(0, 2),
        ),
        ['platform', `${machine.platform}, Node ${machine.node}`],
        ['lanewise', `${version}${commit === null ? '' : `, commit ${commit}`}${changed ? ' with changes' : ''}`],
        ['started', `${run.startedAt}, took ${run.seconds.toFixed(0)} s`],
        ['rounds', run.rounds],
        ['command', ['npm run bench --', ...run.options].join(' ')],
      ],
    )}
    ${table('What took part', ['contender', 'id', 'versions', 'threads by itself', 'settings'], took)}
    ${
      absent.length > 0 &&
      table(
        'What did not, and why',
        ['contender', 'why'],
        absent.map(({ id, why }) => [id, why]),
      )
    }
    ${failures.map((failure) => html`<p>Not measured: ${failure}</p>`)}` as VNode;
}

function rowTables(rows: readonly Row[]): VNode[] {
  const columns = [
    'contender',
    'isa',
    'shape',
    '>batch',
    'optimizer',
    '>threads',
    '>median ms',
    '>best 5 %',
    '>10 % to 90 %',
  ];
  return [...new Set(rows.map((row) => row.case))].map((name) =>
    table(
      `All rows of ${name}; times in milliseconds`,
      [...columns, '>samples', '>GFLOP/s', '>% of peak', '>over reference'],
      rows
        .filter((row) => row.case === name)
        .map((row) => [
          ...[nameOf(row), row.isa, row.shape, row.batch, row.optimizer, row.threads, formatMs(row.medianMs)],
          ...[formatMs(row.p5Ms), `${formatMs(row.p10Ms)} to ${formatMs(row.p90Ms)}`, row.samples],
          ...[row.gflops?.toFixed(1) ?? null, row.percentOfPeak?.toFixed(0) ?? null, times(row.speedupOverReference)],
        ]),
    ),
  );
}

const about =
  'Times are medians over interleaved rounds: each contender runs in a process of its own and takes its turn after the others, so that a machine that slows down slows all of them. The peak is that of fused multiply-adds in registers, measured between the turns of the same workload.';

export const chartsOf = ({ rows }: BenchDocument): Chart[] =>
  sections.flatMap(({ charts }) => charts.flatMap((spec) => drawChart(spec, rows) ?? []));

export function renderPage(document: BenchDocument): string {
  const { machine, run, rows, figures } = document;
  const charts = new Map(chartsOf(document).map((chart) => [chart.id, chart]));
  const drawn = sections.map(({ id, title, text, charts: specs }) => {
    const found = specs.flatMap((spec) => charts.get(spec.id) ?? []);
    const drawing = (chart: Chart) => html`
      <figure id=${chart.id}>
        <div dangerouslySetInnerHTML=${{ __html: chart.svg }} /><figcaption>${chart.caption}</figcaption>
      </figure>`;
    return { id, title, body: found.length > 0 && html`<p>${text}</p>${found.map(drawing)}` };
  });
  const found = figures.map(({ case: name, what, value, unit }) => [name, what, `${formatRatio(value)}${unit}`]);
  const parts = [
    { id: 'summary', title: 'In short', body: rows.length > 0 && html`<p>${about}</p>${summary(rows)}` },
    ...drawn,
    {
      id: 'studies',
      title: 'Studies',
      body: found.length > 0 && table('Figures', ['study', 'figure', '>measured'], found),
    },
    { id: 'conditions', title: 'Conditions', body: conditions(document) },
    { id: 'rows', title: 'All rows', body: rows.length > 0 && rowTables(rows) },
  ].filter(({ body }) => body !== false);
  const quick = run.quick ? ' A quick run of few workloads and short turns: not to be quoted.' : '';
  const where = `${machine.cpu}, Node ${machine.node}, ${run.startedAt.slice(0, 10)}.${quick}${run.interrupted ? ' Stopped before its end.' : ''}`;
  const style = readFileSync(new URL('./style.css', import.meta.url), 'utf8');
  const page = html`
    <html lang="en">
      <head>
        <meta charset="utf-8" /><meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Benchmark of lanewise</title><style dangerouslySetInnerHTML=${{ __html: style }} />
      </head>
      <body>
        <h1>Benchmark of lanewise</h1><p>${where}</p>
        <nav aria-label="Contents">${parts.map(({ id, title }) => html`<a href=${`#${id}`}>${title}</a> `)}</nav>
        <main>${parts.map(({ id, title, body }) => html`<section id=${id}><h2>${title}</h2>${body}</section>`)}</main>
      </body>
    </html>` as VNode;
  return `<!doctype html>\n${renderToString(page)}\n`;
}
