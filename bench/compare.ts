/** Slowdowns between two runs of the benchmark: `npm run bench:compare -- --help`. */
import { compareDocuments } from './compare/compare.js';
import { readArguments, runProgram } from './options.js';
import { readDocument } from './results/document.js';

const usage = `Says what has become slower between two runs of the benchmark, beyond their noise.

  npm run bench:compare -- A.json B.json --again A2.json

  A.json, B.json   what npm run bench -- --json wrote before and after a change
  --again FILE     a second run of what A.json measured, which says how far two runs of the same code lie apart;
                   may be given several times. Without it the noise between runs is a guess
  --all            print every row, not only those that became slower or faster
  --force          compare runs of different machines, instruction sets or numbers of threads all the same
  -h, --help       this text

Ends with 0 when nothing is slower, with 1 when something is, with 2 when the files cannot be compared.`;

await runProgram(() => {
  const read = readArguments(process.argv.slice(2), usage, {
    again: { type: 'string', multiple: true, default: [] },
    ...{ force: { type: 'boolean', default: false }, all: { type: 'boolean', default: false } },
  });
  if (read === null) {
    console.log(usage);
    return 0;
  }
  const { values, positionals, refuse } = read;
  const [a, b] = positionals as [string, string];
  if (positionals.length !== 2)
    refuse(`expected two files, A.json and B.json, got ${positionals.length}; a second run of A is given by --again`);
  const { text, slower } = compareDocuments([a, ...values.again].map(readDocument), readDocument(b), values);
  console.log(text);
  return slower ? 1 : 0;
});
