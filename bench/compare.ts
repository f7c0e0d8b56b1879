/** Slowdowns between two runs of the benchmark: `npm run bench:compare -- --help`. */
import { compareDocuments } from './compare/compare.js';
import { commandLine, runProgram, texts } from './options.js';
import { readDocument } from './results/document.js';

const about =
  'Says what has become slower between two runs of the benchmark, beyond their noise: ends with 1 when something has, with 2 when the files cannot be compared.';

await runProgram(() => {
  const command = commandLine('bench:compare', about)
    .argument('<A.json>', 'what npm run bench -- --json wrote before a change')
    .argument('<B.json>', 'the same after it')
    .option('--again <A2.json>', 'further runs of the code of A: how far two runs lie apart; else a guess', texts, [])
    .option('--all', 'print every row, not only those that became slower or faster', false)
    .option('--force', 'compare runs of different machines, instruction sets or numbers of threads too', false)
    .parse();
  const options = command.opts<{ readonly again: string[]; readonly all: boolean; readonly force: boolean }>();
  const [before, after] = command.args as [string, string];
  const documents = [before, ...options.again].map(readDocument);
  const { text, slower } = compareDocuments(documents, readDocument(after), options);
  console.log(text);
  return slower ? 1 : 0;
});
