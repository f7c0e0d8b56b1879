/** The report: one page that needs nothing but itself, with the charts and the text of the run. */
import { format } from 'echarts/core';
import { nativeCompiled } from '../contenders/contenders.js';
import type { BenchDocument } from '../results/document.js';
import * as text from '../results/text.js';
import { type Chart, drawChart, nameOf, rowsOf } from './charts.js';
import { sections } from './specs.js';

const style = `
:root { color-scheme: light dark; font: 1rem / 1.55 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 72rem; padding: 2rem 1.25rem; }
h2 { margin-top: 3rem; border-top: 1px solid gray; }
p { max-width: 44rem; }
figure { margin: 1.5rem 0; }
figure, pre { overflow-x: auto; font-size: 0.8rem; }
svg { display: block; background: white; }
@media print { nav { display: none; } figure, pre { overflow: visible; } }`;

const { encodeHTML } = format;
/** A table that moves in its frame, which the keyboard reaches too. */
const plain = (words: string) => `<pre tabindex="0">${encodeHTML(words)}</pre>`;

/** The compiled step with SGD at each batch size, and how many times as long its peers take. */
function summarize({ rows }: BenchDocument): string {
  const steps = rowsOf(sections[0]!.charts[0]!, rows);
  const own = steps.filter(({ contender }) => contender === nativeCompiled);
  const peers = [...new Set(steps.map(({ contender }) => contender))].filter((id) => id !== nativeCompiled);
  const lines = own.map(({ batch, medianMs, percentOfPeak, p5PercentOfPeak }) => {
    const ratios = peers.map((id) => {
      const peer = steps.find((row) => row.batch === batch && row.contender === id);
      return peer === undefined ? '-' : `${text.formatRatio(peer.medianMs / medianMs)}x`;
    });
    const shares = [percentOfPeak, p5PercentOfPeak].map((share) => share?.toFixed(0) ?? '-');
    return [batch ?? '-', text.formatMs(medianMs), ...shares, ...ratios];
  });
  const heads = ['>batch', '>ms', '>% of peak', '>best 5 %', ...peers.map((contender) => `>${nameOf({ contender })}`)];
  return own.length === 0 ? '' : plain(text.formatTable(heads, lines));
}

const about = `Times are medians over interleaved rounds: each contender runs in a process of its own and takes its turn after the
others, so that a machine that slows down slows all of them. The peak is that of fused multiply-adds in registers, measured
between the turns of the same workload. The table holds a training step with SGD on all threads: lanewise compiled, and how
many times as long its peers take.`;

export const chartsOf = ({ rows }: BenchDocument): Chart[] =>
  sections.flatMap(({ charts }) => charts.flatMap((spec) => drawChart(spec, rows) ?? []));

export function renderPage(document: BenchDocument): string {
  const { machine, run, rows } = document;
  const all = chartsOf(document);
  const summary = summarize(document);
  const drawn = sections.map((section) => {
    const charts = all.filter(({ id }) => section.charts.some((spec) => spec.id === id));
    const figures = charts.map(
      ({ id, svg, caption }) => `<figure id="${id}">${svg}<figcaption>${encodeHTML(caption)}</figcaption></figure>`,
    );
    return { ...section, body: figures.length === 0 ? '' : `<p>${section.text}</p>${figures.join('')}` };
  });
  const warnings = [
    run.quick ? 'A quick run of few workloads and short turns: not to be quoted.' : '',
    run.interrupted ? 'Stopped before its end.' : '',
  ].join(' ');
  const command = `started   ${run.startedAt}, ${run.seconds.toFixed(0)} s: npm run bench -- ${run.options.join(' ')}`;
  const conditions = [text.formatMachine(machine), command, text.formatContenders(document)].join('\n');
  const parts = [
    { id: 'summary', title: 'In short', body: summary === '' ? '' : `<p>${about}</p>${summary}` },
    ...drawn,
    { id: 'conditions', title: 'Conditions', body: plain(conditions) },
    { id: 'results', title: 'Everything that was measured', body: plain(text.formatDocument(document)) },
  ].filter(({ body }) => body !== '');
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Benchmark of lanewise</title><style>${style}</style></head>
<body>
<h1>Benchmark of lanewise</h1>
<p>${encodeHTML(machine.cpu)}, ${rows.length} rows, ${run.startedAt.slice(0, 10)}. ${warnings}</p>
<nav aria-label="Contents">${parts.map(({ id, title }) => `<a href="#${id}">${title}</a>`).join(' ')}</nav>
<main>${parts.map(({ id, title, body }) => `<section id="${id}"><h2>${title}</h2>${body}</section>`).join('\n')}</main>
</body>
</html>
`;
}
