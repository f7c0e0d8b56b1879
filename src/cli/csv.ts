/** CSV files as records; the reader is csv-parse, which is bundled into the CLI alone. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { parse } from 'csv-parse';
import { CliError, UsageError } from './command.js';

/** A row by column. */
export type TableRow = Readonly<Record<string, string>>;

/** A file that can be read as often as wanted; `-` is what is piped in, and can be read once. */
export interface CsvFile {
  readonly path: string;
  readonly delimiter: string;
}

const chunkRows = 1024;

/** @throws CliError for a file that is not there. */
export async function openCsv(path: string, delimiter: string | null): Promise<CsvFile> {
  if (delimiter !== null && [...delimiter.replace('\\t', '\t')].length !== 1)
    throw new UsageError(`--delimiter must be one character, got '${delimiter}'`);
  if (path === '-') return { path, delimiter: delimiter?.replace('\\t', '\t') ?? ',' };
  const head = await readHead(path);
  return { path, delimiter: delimiter?.replace('\\t', '\t') ?? guessDelimiter(head) };
}

async function readHead(path: string): Promise<string> {
  try {
    const file = await open(path);
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(64 * 1024), 0, 64 * 1024, 0);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new CliError(`${path}: ${code === 'ENOENT' ? 'not found' : message}`, { cause });
  }
}

/** The one that is most often in the first line, outside of quotes. */
function guessDelimiter(head: string): string {
  const [line = ''] = head.replace(/"[^"]*"/g, '').split(/\r?\n/);
  const counts = [',', ';', '\t', '|'].map((each) => ({ each, count: line.split(each).length }));
  return counts.reduce((best, next) => (next.count > best.count ? next : best)).each;
}

/** The rows in chunks. @throws what csv-parse says of a broken file, with its line. */
export async function* readRows({ path, delimiter }: CsvFile): AsyncGenerator<TableRow[], void> {
  const parser = parse({
    columns: (names: string[]) => checkHeader(path, names),
    bom: true,
    delimiter,
    skip_empty_lines: true,
  });
  const source: Readable = path === '-' ? process.stdin : createReadStream(path);
  pipeline(source, parser, () => {});
  let chunk: TableRow[] = [];
  try {
    for await (const row of parser) {
      chunk.push(row as TableRow);
      if (chunk.length < chunkRows) continue;
      yield chunk;
      chunk = [];
    }
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(`${path}: ${(error as Error).message}`, { cause: error });
  }
  if (chunk.length > 0) yield chunk;
}

function checkHeader(path: string, names: readonly string[]): string[] {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new CliError(`${path}: two columns have the name '${twice}'`);
  return [...names];
}

/** A line of a CSV file. */
export function csvLine(cells: readonly (string | number | boolean)[], delimiter: string): string {
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  return cells
    .map(String)
    .map((text) => (text.includes(delimiter) || /["\r\n]/.test(text) ? quoted(text) : text))
    .join(delimiter);
}
