/** The report of a run: `npm run bench:report -- --help`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError, readArguments, runProgram } from './options.js';
import { chartsOf, renderPage } from './page/page.js';
import { readDocument } from './results/document.js';

const usage = `Writes a page and charts from what npm run bench -- --json wrote.

  npm run bench:report -- results.json [--out DIR] [--chart NAME]

  --out DIR      where to write index.html and one SVG file a chart (default bench-report)
  --chart NAME   write NAME.svg only, such as training-sgd-all-threads
  -h, --help     this text`;

await runProgram(() => {
  const read = readArguments(process.argv.slice(2), usage, {
    out: { type: 'string', default: 'bench-report' },
    chart: { type: 'string' },
  });
  if (read === null) {
    console.log(usage);
    return 0;
  }
  const { values, positionals, refuse } = read;
  if (positionals.length !== 1) refuse(`expected one file, results.json, got ${positionals.length}`);
  const document = readDocument(positionals[0]!);
  const all = chartsOf(document);
  const charts = all.filter(({ id }) => values.chart === undefined || id === values.chart);
  if (values.chart !== undefined && charts.length === 0)
    throw new InputError(
      `--chart: these results give no '${values.chart}', but: ${all.map(({ id }) => id).join(', ')}`,
    );
  mkdirSync(values.out, { recursive: true });
  for (const { id, svg } of charts) writeFileSync(join(values.out, `${id}.svg`), `${svg}\n`);
  if (values.chart === undefined) writeFileSync(join(values.out, 'index.html'), renderPage(document));
  const [first, rest] =
    values.chart === undefined ? ['index.html', `, and ${charts.length} charts`] : [`${values.chart}.svg`, ''];
  console.log(`${join(values.out, first)}${rest}`);
  return 0;
});
