/** Slowdowns between two runs of the benchmark: `npm run bench:compare -- --help`. */
import { DocumentError, readDocument } from '../report/read.js';
import { compareDocuments, IncomparableError } from './compare.js';
import { OptionError, readOptions, usage } from './options.js';

const exitCodes = { same: 0, slower: 1, badInput: 2 } as const;

function main(): number {
  const options = readOptions(process.argv.slice(2));
  if (options === null) {
    console.log(usage);
    return exitCodes.same;
  }
  const before = [options.before, ...options.again].map(readDocument);
  const { text, slower } = compareDocuments(before, readDocument(options.after), options);
  console.log(text);
  return slower ? exitCodes.slower : exitCodes.same;
}

try {
  process.exitCode = main();
} catch (error) {
  if (error instanceof OptionError) console.error(`${error.message}\n\n${usage}`);
  else if (error instanceof DocumentError || error instanceof IncomparableError) console.error(error.message);
  else throw error;
  process.exitCode = exitCodes.badInput;
}
