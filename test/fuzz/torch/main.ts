/** `npm run fuzz:torch`: random networks in lanewise and in PyTorch. */
import { parseArgs } from 'node:util';
import { backend } from '../../../src/index.js';
import { compare, compareInitial } from './compare.js';
import { Draw } from './draw.js';
import { generate } from './generate.js';
import { type Float, train } from './network.js';
import { Peer } from './peer.js';
import type { Case } from './spec.js';

const usage = `Builds random networks in lanewise and in PyTorch, trains both for a few steps, and compares initial weights, outputs,
gradients of inputs and parameters, losses and states: float64 on the reference and float32 on the default backend, eager and compiled.

  npm run fuzz:torch -- --python PATH [options]

  --python PATH  a Python with PyTorch
  --runs N       networks (default 500)
  --seed N       of all (default: drawn, and printed)
  --index N      only this network of the seed
  --show         print the networks
  -h, --help     this text

Ends with 0, with 1 when something differs, 2 for a bad option, 130 after Ctrl-C.`;

interface Way {
  readonly backend: string;
  readonly dtype: Float;
  readonly isCompiled: boolean;
}

const ways = (native: string): readonly Way[] => [
  { backend: 'reference', dtype: 'float64', isCompiled: false },
  { backend: 'reference', dtype: 'float64', isCompiled: true },
  { backend: native, dtype: 'float32', isCompiled: false },
  { backend: native, dtype: 'float32', isCompiled: true },
];

const nameOf = ({ backend: name, dtype, isCompiled }: Way) => `${name}, ${dtype}, ${isCompiled ? 'compiled' : 'eager'}`;

/** The same network with other numbers. */
function redrawn(given: Case, times: number): Case {
  const draw = new Draw(given.seed, times);
  const tensors = given.tensors.map((each, i) =>
    i === given.input.tensor && each.dtype === 'float'
      ? { ...each, values: each.values.map(() => draw.normal()) }
      : each,
  );
  return { ...given, tensors, seed: given.seed + 100_000 * times };
}

/**
 * Whether float32 differs with other numbers too. A number next to a kink (of ReLU, or between the largest two of a window) falls on either side by
 * its rounding; that of one network in a hundred does, and not twice.
 */
async function differsAgain(peer: Peer, given: Case, way: Way): Promise<boolean> {
  for (let times = 1; times <= 2; times++) {
    const other = redrawn(given, times);
    const hasGradients = !way.isCompiled || given.keepGradients;
    if (compare(train(other, way), await peer.ask(other), way.dtype, hasGradients) === null) return false;
  }
  return true;
}

/** Everything that differs. */
async function check(peer: Peer, given: Case): Promise<readonly string[]> {
  const answer = await peer.ask(given);
  const found: string[] = [];
  for (const way of ways(backend.name)) {
    const results = train(given, way);
    if (way.dtype === 'float32' && !way.isCompiled) {
      const initial = compareInitial(results.initial, answer);
      if (initial !== null) found.push(initial);
    }
    const difference = compare(results, answer, way.dtype, !way.isCompiled || given.keepGradients);
    if (difference !== null && (way.dtype === 'float64' || (await differsAgain(peer, given, way))))
      found.push(`${nameOf(way)}: ${difference}`);
  }
  return found;
}

const integer = (name: string, text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} must be a whole number, got '${text}'`);
  return Number(text);
};

const messageOf = (error: unknown) => (error instanceof Error ? (error.stack ?? error.message) : String(error));
const sentenceOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      python: { type: 'string' },
      runs: { type: 'string', default: '500' },
      seed: { type: 'string' },
      index: { type: 'string' },
      show: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return 0;
  }
  if (values.python === undefined) throw new Error('--python PATH: which Python has PyTorch?');
  const seed = values.seed === undefined ? Math.trunc(Math.random() * 1e9) : integer('seed', values.seed);
  const only = values.index === undefined ? null : integer('index', values.index);
  const count = only === null ? integer('runs', values.runs) : 1;
  const start = performance.now();
  let peer = new Peer(values.python);
  let isInterrupted = false;
  process.once('SIGINT', () => {
    isInterrupted = true;
  });
  process.removeAllListeners('warning').on('warning', () => {});
  console.log(`PyTorch ${await peer.version()}, seed ${seed}, backend ${backend.name}`);
  let [done, differing, crashes] = [0, 0, 0];
  for (let i = 0; i < count && !isInterrupted; i++) {
    const index = only ?? i;
    let found: readonly string[];
    let given: Case | null = null;
    try {
      given = generate(seed, index);
      found = await check(peer, given);
    } catch (error) {
      if (isInterrupted) break;
      if (peer.hasEnded) {
        // Nothing to compare with: said, and gone on with another process.
        crashes++;
        console.error(`${sentenceOf(error)}: --seed ${seed} --index ${index}`);
        peer = new Peer(values.python);
        await peer.version();
        continue;
      }
      found = [messageOf(error)];
    }
    if (values.show) console.log(JSON.stringify(given, null, 1));
    done++;
    if (found.length > 0) {
      differing++;
      console.error(
        `${found.join('\n')}\nagain: npm run fuzz:torch -- --python ${values.python} --seed ${seed} --index ${index}`,
      );
    }
    if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${count}, ${differing} differ `);
    else if (done % 100 === 0) console.error(`${done} of ${count}, ${differing} differ`);
  }
  peer.close();
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(
    `${done} networks, seed ${seed}, ${seconds} s: ${differing === 0 ? 'none differ' : `${differing} differ`}`,
  );
  if (isInterrupted) return 130;
  if (crashes > 0) console.log(`PyTorch crashed on ${crashes} more`);
  return differing === 0 ? 0 : 1;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    console.error(messageOf(error));
    process.exit(2);
  },
);
