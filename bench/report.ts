/** The report of a run: `npm run bench:report -- --help`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandLine, InputError, runProgram, text } from './options.js';
import { chartsOf, renderPage } from './page/page.js';
import { readDocument } from './results/document.js';

await runProgram(() => {
  const command = commandLine('bench:report', 'Writes a page and charts from what npm run bench -- --json wrote.')
    .argument('<results.json>')
    .option('--out <dir>', 'where to write index.html and one SVG file a chart', text, 'bench-report')
    .option('--chart <name>', 'write NAME.svg only, such as training-sgd-all-threads', text)
    .parse();
  const { out, chart } = command.opts<{ readonly out: string; readonly chart?: string }>();
  const document = readDocument(command.args[0]!);
  const all = chartsOf(document);
  const charts = all.filter(({ id }) => chart === undefined || id === chart);
  if (chart !== undefined && charts.length === 0)
    throw new InputError(`--chart: these results give no '${chart}', but: ${all.map(({ id }) => id).join(', ')}`);
  mkdirSync(out, { recursive: true });
  for (const { id, svg } of charts) writeFileSync(join(out, `${id}.svg`), `${svg}\n`);
  if (chart === undefined) writeFileSync(join(out, 'index.html'), renderPage(document));
  console.log(
    chart === undefined ? `${join(out, 'index.html')}, and ${charts.length} charts` : join(out, `${chart}.svg`),
  );
  return 0;
});
