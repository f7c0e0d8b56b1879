// A contender without arithmetic, for tests of the runner: `NAME BEHAVIOUR LOG`. Each request is noted in the file LOG,
// so that tests see who did what when.
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [name, behaviour, log] = process.argv.slice(2);
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  if (log !== undefined) appendFileSync(log, `${name} ${request.do} ${request.threads ?? '-'}\n`);
  if (behaviour === 'dies' && request.do === 'run') {
    console.error('something broke');
    process.exit(3);
  }
  if (behaviour === 'babbles') process.stdout.write('hello\n');
  else if (behaviour === 'refuses' && ['prepare', 'study'].includes(request.do)) say({ error: 'cannot do that' });
  else if (behaviour === 'hangs' && request.do === 'run') continue;
  else if (behaviour === 'forks' && request.do === 'run')
    spawn(process.execPath, ['-e', `setInterval(() => fs.appendFileSync('${log}', 'child\\n'), 10)`]);
  else if (request.do === 'run') say({ ok: { samplesMs: [1, 2, 3].map((ms) => ms / request.threads) } });
  else if (request.do === 'study') say({ ok: { figures: [{ what: name, value: request.seconds, unit: ' s' }] } });
  else if (request.do === 'warmUp')
    say({ ok: { iterationsPerSample: 1, iterationMs: behaviour === 'crawls' ? 500 : 1 } });
  else if (request.do === 'peak') say({ ok: { gflops: 100 * request.threads } });
  else say({ ok: {} });
}
