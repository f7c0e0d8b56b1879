/** The report: one page that needs nothing beside itself. */
import { readFileSync } from 'node:fs';
import type { VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';
import type { BenchDocument } from '../report/document.js';
import { renderChart } from './charts/chart.js';
import type { Section } from './figure.js';
import { drawing, html } from './html.js';
import { Names } from './names.js';
import { sectionsOf } from './sections.js';
import { summarize } from './summary.js';
import * as tables from './tables.js';
import { onPage, themeStyle } from './theme.js';

/** What fits beside another. */
const columnWidth = 520;

const style = () => `${themeStyle}\n${readFileSync(new URL('./style.css', import.meta.url), 'utf8')}`;

interface Part {
  readonly id: string;
  readonly title: string;
  readonly body: VNode;
}

export function renderPage(document: BenchDocument): string {
  const names = new Names(document);
  const parts = partsOf(document, names);
  const page = html`
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Benchmark of lanewise</title>
        <style dangerouslySetInnerHTML=${{ __html: style() }} />
      </head>
      <body>
        <header>
          <h1>Benchmark of lanewise</h1>
          <p class="where">${whereAndWhen(document)}</p>
          <nav aria-label="Contents">
            <ul>${parts.map(({ id, title }) => html`<li><a href=${`#${id}`}>${title}</a></li>`)}</ul>
          </nav>
        </header>
        <main>${parts.map(({ id, title, body }) => html`<section id=${id}><h2>${title}</h2>${body}</section>`)}</main>
      </body>
    </html>` as VNode;
  return `<!doctype html>\n${renderToString(page)}\n`;
}

function whereAndWhen({ machine, run }: BenchDocument): string {
  const threads = machine.threads === 1 ? 'one thread' : `${machine.threads} threads`;
  const made = `${machine.cpu}, ${threads}, Node ${machine.node}, ${run.startedAt.slice(0, 10)}.`;
  const kind = run.quick ? ' A quick run of few workloads and short turns: not to be quoted.' : '';
  return `${made}${kind}${run.interrupted ? ' Stopped before its end.' : ''}`;
}

function partsOf(document: BenchDocument, names: Names): Part[] {
  const summary = summarize(document, names);
  const reached = document.targets.filter((target) => target.reached).length;
  const parts: (Part | null)[] = [
    summary && {
      id: 'summary',
      title: 'In short',
      body: html`<p>${about}</p>${tables.summaryTable(summary)}` as VNode,
    },
    ...sectionsOf(document, names).map(sectionPart),
    document.targets.length === 0
      ? null
      : {
          id: 'targets',
          title: 'Targets',
          body: html`<p>${reached} of ${document.targets.length} targets are reached in this run.</p>
            ${tables.targetTable(document)}` as VNode,
        },
    document.figures.length === 0 ? null : { id: 'studies', title: 'Studies', body: tables.figureTable(document) },
    { id: 'conditions', title: 'Conditions', body: conditions(document, names) },
    document.rows.length === 0
      ? null
      : { id: 'rows', title: 'All rows', body: html`${tables.rowTables(document, names)}` as VNode },
  ];
  return parts.filter((part) => part !== null);
}

const about =
  'Times are medians over interleaved rounds: each contender runs in a process of its own and takes its turn after the others, so that a machine that slows down slows all of them. The peak is that of fused multiply-adds in registers, measured between the turns of the same workload.';

const sectionPart = ({ id, title, text, figures }: Section): Part => ({
  ...{ id, title },
  body: html`
    ${text.map((paragraph) => html`<p>${paragraph}</p>`)}
    <div class="figures">
      ${figures.map(({ chart, alt, caption, id }) =>
        drawing(renderChart(chart, id, onPage, null), chart.width > columnWidth, alt, caption, id),
      )}
    </div>` as VNode,
});

function conditions(document: BenchDocument, names: Names): VNode {
  return html`
    ${tables.machineTable(document)}
    ${document.contenders.length > 0 && tables.contenderTable(document, names)}
    ${document.absent.length > 0 && tables.absentTable(document, names)}
    ${
      document.failures.length > 0 &&
      html`<h3>Not measured</h3><ul>${document.failures.map((failure) => html`<li>${failure}</li>`)}</ul>`
    }` as VNode;
}
