/**
 * A rank of the jobs of this folder. Arguments: what it does, the timeout in seconds; what comes after them marks the process.
 * - `short`: a few sums, then the end.
 * - anything else: sums without an end. At step 20 rank 1 does what the word says; `go-on` does nothing, so that others can.
 */
import { distributed, zeros } from '../../../dist/lib/index.js';

const [what, timeout] = process.argv.slice(2);
const hang = () => new Promise(() => setInterval(() => {}, 1000));
const faults = {
  'kill -9': () => process.kill(process.pid, 'SIGKILL'),
  SIGSEGV: () => process.kill(process.pid, 'SIGSEGV'),
  SIGSTOP: () => process.kill(process.pid, 'SIGSTOP'),
  SIGTERM: () => process.kill(process.pid, 'SIGTERM'),
  throw: () => {
    throw new Error('no such label');
  },
  'exit(0)': () => process.exit(0),
  'an endless loop': () => {
    for (;;);
  },
};
if (what === 'listens') process.on('SIGINT', () => {});

await distributed.initProcessGroup({ timeout: Number(timeout) });
const rank = distributed.getRank();
const numbers = zeros([what === 'short' ? 1000 : 100_000]);
for (let step = 0; what !== 'short' || step < 5; step++) {
  if (step === 20 && rank === 1) {
    process.stdout.write('step 20\n');
    if (what in faults) {
      await new Promise((resolve) => setTimeout(resolve, 100)); // the line goes out
      faults[what]();
      await hang();
    }
  }
  await distributed.allReduce(numbers);
}
await distributed.destroyProcessGroup();
