/** The report of a run: `npm run bench:report -- --help`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DocumentError, readDocument } from '../report/read.js';
import { OptionError, readOptions, usage } from './options.js';
import { filesOf } from './files.js';

const exitCodes = { done: 0, failed: 1, badInput: 2 } as const;

function main(): number {
  const options = readOptions(process.argv.slice(2));
  if (options === null) {
    console.log(usage);
    return exitCodes.done;
  }
  const files = filesOf(readDocument(options.results), options.chart);
  mkdirSync(options.out, { recursive: true });
  for (const { name, text } of files) writeFileSync(join(options.out, name), text);
  const [first, ...others] = files;
  const rest = others.length === 0 ? '' : `, and ${others.length} charts beside it`;
  console.log(`${join(options.out, first!.name)}${rest}`);
  return exitCodes.done;
}

try {
  process.exitCode = main();
} catch (error) {
  const known = error instanceof OptionError || error instanceof DocumentError;
  if (error instanceof OptionError) console.error(`${error.message}\n\n${usage}`);
  else console.error(error instanceof Error ? error.message : error);
  process.exitCode = known ? exitCodes.badInput : exitCodes.failed;
}
