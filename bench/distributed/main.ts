/**
 * Several processes on this machine: sums by size, and how much of a training step is left for computing, by rows per rank. Next to it what a
 * model says of links between machines. `npm run bench:distributed -- --ranks 2 --seconds 3 --python PATH --json FILE`; `--sums`, `--mlp` and `--cnn`
 * take lists: kilobytes, and rows a rank. `--bind-to none` leaves ranks where the kernel puts them, at times on one CPU.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { links, mlpMessages, predictedEfficiency } from './model.js';

interface Figures {
  readonly p1: number;
  readonly median: number;
  readonly p95: number;
  readonly samples: number;
}
interface Training {
  readonly name: string;
  readonly rows: number;
  readonly alone: Figures;
  readonly together: Figures;
  /** With the last large gradient in one piece. */
  readonly whole?: Figures;
  readonly efficiency: number;
}

const { values } = parseArgs({
  options: {
    ranks: { type: 'string', default: '2' },
    seconds: { type: 'string', default: '3' },
    python: { type: 'string' },
    json: { type: 'string' },
    sums: { type: 'string', default: '1,16,64,256,1024,4096,16384' },
    mlp: { type: 'string', default: '128,256,512,1024' },
    cnn: { type: 'string', default: '64' },
    'bind-to': { type: 'string', default: 'core' },
  },
});
const { ranks, seconds, sums, mlp, cnn, 'bind-to': place } = values;
const pathOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** The last line of what a program prints, as JSON. */
function run(program: string, args: readonly string[]): unknown {
  const env = { ...process.env, LANEWISE_NUM_THREADS: '1', OMP_NUM_THREADS: '1', OMPI_MCA_mpi_yield_when_idle: '1' };
  const text = execFileSync(program, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  return JSON.parse(text.trim().split('\n').at(-1)!);
}

const launcher = ['--allow-run-as-root', '--oversubscribe', '--bind-to', place, '-np', ranks];
const own = run('mpirun', [...launcher, process.execPath, pathOf('rank.mjs'), seconds, sums, mlp, cnn]) as {
  readonly sums: readonly (Figures & { readonly bytes: number })[];
  readonly training: readonly Training[];
};
const torch =
  values.python === undefined
    ? null
    : (run(values.python, [pathOf('torch_ddp.py'), seconds, ranks, mlp, cnn, place]) as {
        readonly version: string;
        readonly training: readonly Training[];
      });
if (values.json !== undefined) writeFileSync(values.json, JSON.stringify({ ranks, own, torch }, null, 2));

const micro = (ms: number): string => (1000 * ms).toFixed(0);
const milli = (ms: number): string => ms.toFixed(2);
const share = (value: number): string => value.toFixed(2);

console.log(`${ranks} ranks of one thread on ${cpus().length} CPUs (${cpus()[0]?.model}), Open MPI, shared memory\n`);
console.log('| allReduce, bytes | p1 us | median us | p95 us | GB/s at p1 |\n|---|---|---|---|---|');
for (const { bytes, p1, median, p95 } of own.sums)
  console.log(`| ${bytes} | ${micro(p1)} | ${micro(median)} | ${micro(p95)} | ${(bytes / p1 / 1e6).toFixed(2)} |`);

const peers = torch === null ? '' : ` PyTorch ${torch.version} DDP (gloo) ms, alone | together | efficiency |`;
console.log(
  `\n| rows a rank | ms alone, p1 | ms together, p1 (median) | efficiency | last gradient in one piece: ms, p1 | efficiency |${peers}\n|---|---|---|---|---|---|${torch === null ? '' : '---|---|---|'}`,
);
for (const { name, rows, alone, together, whole, efficiency } of own.training) {
  const inOne = whole === undefined ? '- | -' : `${milli(whole.p1)} | ${share(alone.p1 / whole.p1)}`;
  const peer = torch?.training.find((each) => each.name === name && each.rows === rows);
  const more =
    peer === undefined
      ? torch === null
        ? ''
        : ' - | - |'
      : ` ${milli(peer.alone.p1)} | ${milli(peer.together.p1)} | ${share(peer.efficiency)} |`;
  console.log(
    `| ${name} ${rows} | ${milli(alone.p1)} | ${milli(together.p1)} (${milli(together.median)}) | ${share(efficiency)} | ${inOne} |${more}`,
  );
}

console.log(
  `\nThe model's efficiency for such ranks on separate machines (bench/distributed/model.ts), at 2 and at 8 ranks:\n`,
);
console.log(`| rows a rank | ${links.map(({ name }) => name).join(' | ')} |\n|---|${links.map(() => '---|').join('')}`);
for (const { rows, alone } of own.training.filter(({ name }) => name === 'MLP')) {
  const cells = links.map((link) =>
    [2, 8].map((count) => share(predictedEfficiency(alone.p1 / 1000, mlpMessages, count, link))).join(' / '),
  );
  console.log(`| ${rows} | ${cells.join(' | ')} |`);
}
