/** The command line of the report. */
import { parseArgs } from 'node:util';

export interface ReportOptions {
  readonly results: string;
  readonly out: string;
  /** The one chart to write, without a page; null for everything. */
  readonly chart: string | null;
}

const defaultFolder = 'bench-report';

export const usage = `Writes a page and charts from what npm run bench -- --json wrote.

  npm run bench:report -- results.json [--out DIR] [--chart NAME]

  --out DIR      where to write index.html and one SVG file a chart (default ${defaultFolder})
  --chart NAME   write NAME.svg only, such as training-sgd-all-threads
  -h, --help     this text`;

/** Wrong options; the message says which. */
export class OptionError extends Error {}

/** Reads the command line. @throws OptionError. @returns null when help was asked for. */
export function readOptions(args: readonly string[]): ReportOptions | null {
  const { values, positionals } = parse(args);
  if (values.help) return null;
  for (const name of ['out', 'chart'] as const)
    if (values[name] === '') throw new OptionError(`--${name} must not be empty`);
  const [results] = positionals;
  if (results === undefined || positionals.length > 1)
    throw new OptionError(`expected one file, results.json, got ${positionals.length}`);
  return { results, out: values.out, chart: values.chart ?? null };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        out: { type: 'string', default: defaultFolder },
        chart: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new OptionError(error instanceof Error ? error.message : String(error));
  }
}
