/** The report: one page that needs nothing but itself, with the charts and the text of the run. */
import type { BenchDocument } from '../results/document.js';
import * as text from '../results/text.js';
import { type Chart, drawChart } from './charts.js';
import { sections } from './specs.js';

const style = `
:root { color-scheme: light dark; font: 1rem / 1.55 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 72rem; padding: 2rem 1.25rem; }
h2 { margin-top: 3rem; border-top: 1px solid gray; }
p { max-width: 44rem; }
figure { margin: 1.5rem 0; }
figure, pre { overflow-x: auto; font-size: 0.8rem; }
@media print { nav { display: none; } figure, pre { overflow: visible; } }`;

const about = `Times are medians over interleaved rounds: each contender runs in its process and takes its turn after the
others, so that a machine that slows down slows all of them. The peak is that of fused multiply-adds in registers, measured
between the turns of the same workload.`;

const encode = (words: string) =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** A table that moves in its frame, which the keyboard reaches too. */
const plain = (words: string) => `<pre tabindex="0">${encode(words)}</pre>`;

export const chartsOf = ({ rows }: BenchDocument): Chart[] =>
  sections.flatMap(({ charts }) => charts.flatMap((spec) => drawChart(spec, rows) ?? []));

export function renderPage(document: BenchDocument): string {
  const { machine, run, rows } = document;
  const all = chartsOf(document);
  const drawn = sections.map((section) => {
    const figures = all
      .filter(({ id }) => section.charts.some((spec) => spec.id === id))
      .map(({ id, svg, caption }) => `<figure id="${id}">${svg}<figcaption>${encode(caption)}</figcaption></figure>`);
    return { ...section, body: figures.length === 0 ? '' : `<p>${section.text}</p>${figures.join('')}` };
  });
  const command = `started   ${run.startedAt}, ${run.seconds.toFixed(0)} s: npm run bench -- ${run.options.join(' ')}`;
  const conditions = [text.formatMachine(machine), command, text.formatContenders(document)].join('\n');
  const parts = [
    ...drawn.filter(({ body }) => body !== ''),
    { id: 'conditions', title: 'Conditions', body: `<p>${about}</p>${plain(conditions)}` },
    { id: 'results', title: 'Everything that was measured', body: plain(text.formatDocument(document)) },
  ];
  const warnings = [
    run.quick ? 'A quick run of few workloads and short turns: not to be quoted.' : '',
    run.interrupted ? 'Stopped before its end.' : '',
  ].join(' ');
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Benchmark of lanewise</title><style>${style}</style></head>
<body>
<h1>Benchmark of lanewise</h1>
<p>${encode(machine.cpu)}, ${rows.length} rows, ${run.startedAt.slice(0, 10)}. ${warnings}</p>
<nav aria-label="Contents">${parts.map(({ id, title }) => `<a href="#${id}">${title}</a>`).join(' ')}</nav>
<main>${parts.map(({ id, title, body }) => `<section id="${id}"><h2>${title}</h2>${body}</section>`).join('\n')}</main>
</body>
</html>
`;
}
