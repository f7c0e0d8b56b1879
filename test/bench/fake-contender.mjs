// A contender without arithmetic, for tests of the runner: `NAME BEHAVIOUR LOG`. Each request is noted in the file LOG,
// so that tests see who did what when.
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [name, behaviour, log] = process.argv.slice(2);
const answers = {
  describe: () => ({ versions: {}, isa: null, threads: 1, threadSource: '', notes: [] }),
  prepare: () => ({}),
  run: ({ threads, ms }) => ({
    samplesMs: [1, 2, 3].map((each) => (behaviour === 'crawls' ? 500 : each + ms) / threads),
  }),
  study: ({ seconds }) => ({ figures: [{ what: name, value: seconds, unit: ' s' }] }),
  peak: ({ threads }) => ({ gflops: 100 * threads }),
};
/** What a contender says instead of an answer; null for nothing. */
const misbehave = {
  'dies run': () => {
    console.error('something broke');
    process.exit(3);
  },
  'refuses prepare': () => ({ error: 'cannot do that' }),
  'refuses study': () => ({ error: 'cannot do that' }),
  'babbles run': () => 'hello',
  'hangs run': ({ ms }) => (ms < 9 ? undefined : null),
  'forks run': () =>
    spawn(process.execPath, ['-e', `setInterval(() => fs.appendFileSync('${log}', 'child\\n'), 10)`]) && null,
};

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  if (log !== undefined) appendFileSync(log, `${name} ${request.do} ${request.threads ?? '-'}\n`);
  const instead = misbehave[`${behaviour} ${request.do}`]?.(request);
  const reply = instead === undefined ? { ok: answers[request.do](request) } : instead;
  if (reply !== null) console.log(typeof reply === 'string' ? reply : JSON.stringify(reply));
}
