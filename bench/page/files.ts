/** What the report consists of: the page, and each chart by itself. */
import type { BenchDocument } from '../report/document.js';
import { renderChart } from './charts/chart.js';
import type { ChartFigure } from './figure.js';
import { byItself } from './html.js';
import { Names } from './names.js';
import { OptionError } from './options.js';
import { renderPage } from './page.js';
import { sectionsOf } from './sections.js';
import { paper, printed } from './theme.js';

export interface ReportFile {
  readonly name: string;
  readonly text: string;
}

/**
 * @param only the name of a single chart; null for everything, the page first.
 * @throws OptionError when there is no chart of that name.
 */
export function filesOf(document: BenchDocument, only: string | null): ReportFile[] {
  const figures = sectionsOf(document, new Names(document)).flatMap((section) => section.figures);
  if (only === null) return [{ name: 'index.html', text: renderPage(document) }, ...figures.map(chartFile)];
  const figure = figures.find(({ id }) => id === only);
  if (figure === undefined)
    throw new OptionError(`--chart: these results give no '${only}', but: ${figures.map(({ id }) => id).join(', ')}`);
  return [chartFile(figure)];
}

const chartFile = ({ id, alt, chart }: ChartFigure): ReportFile => ({
  name: `${id}.svg`,
  text: `${byItself(renderChart(chart, id, printed, paper), alt)}\n`,
});
