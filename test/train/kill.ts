/**
 * Kills a training with SIGKILL again and again while it writes checkpoints, each time at another moment, and takes it up from its file.
 * By itself: `npm run build:ts && npx tsx test/train/kill.ts 1000`.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Generator } from '../../src/index.js';
import { root } from '../helpers/built.js';

const library = pathToFileURL(join(root, 'dist', 'lib', 'index.js')).href;

/** What every process does: the same data and weights. It tells each step that it has made. */
const code = `
  import { data, fit, io, ModelCheckpoint, manualSeed, nn, optim, rand, randint } from ${JSON.stringify(library)};
  const [path, end] = process.argv.slice(1);
  manualSeed(1);
  const [x, y] = [rand([200, 64]), randint(0, 10, [200])];
  const model = new nn.Sequential(new nn.Linear(64, 256), new nn.ReLU(), new nn.Dropout(0.2), new nn.Linear(256, 10));
  const optimizer = new optim.Adam(model.parameters(), { lr: 1e-3 });
  const common = { train: new data.TensorDataset(x, y), batchSize: 8, optimizer, loss: new nn.CrossEntropyLoss(), epochs: 1e9 };
  if (end === undefined) {
    const onStep = ({ epoch, step }) => process.stdout.write((epoch - 1) * 25 + step + '\\n');
    const callbacks = [new ModelCheckpoint({ path, everySteps: 1 })];
    await fit(model, { ...common, callbacks, onStep, resume: { path, ifExists: true } });
  } else {
    // Without an interruption, to the step that the file has.
    const controller = new AbortController();
    const onStep = ({ epoch, step }) => {
      if ((epoch - 1) * 25 + step === Number(end)) controller.abort(new Error('enough'));
    };
    await fit(model, { ...common, onStep, signal: controller.signal }).catch(() => {});
    const { model: saved } = await io.loadCheckpoint(path);
    const bits = (state) => JSON.stringify(Object.entries(state).map(([name, t]) => [name, [...new Uint32Array(t.toTypedArray().slice().buffer)]]));
    process.stdout.write(bits(saved) === bits(model.stateDict()) ? 'same' : 'other');
  }
`;

function start(...args: string[]) {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LANEWISE_NUM_THREADS: '1' },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8');
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const first = new Promise<void>((resolve) => {
    child.stdout.on('data', (text: string) => {
      stdout += text;
      resolve();
    });
    child.on('close', () => resolve());
  });
  const closed = new Promise<void>((resolve) => child.on('close', () => resolve()));
  return { child, first, closed, stdout: () => stdout, stderr: () => stderr };
}

/** What came of this number of kills. */
export interface Kills {
  readonly kills: number;
  /** Of them, those that came while a file was being written: a temporary file was left. */
  readonly whileWriting: number;
  /** Files that could not be read afterwards. */
  readonly corrupt: number;
  /** Files without a step that had been written before. */
  readonly lost: number;
  readonly steps: number;
  /** Whether the weights are those of a training that was not interrupted. */
  readonly isSame: boolean;
}

export async function killAgain(count: number, tell: (kills: number) => void = () => {}): Promise<Kills> {
  const { io } = (await import(library)) as typeof import('../../src/index.js');
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-kills-'));
  const path = join(folder, 'run.safetensors');
  const random = new Generator(Date.now());
  const delays = new Float64Array(1);
  let [whileWriting, corrupt, lost, steps] = [0, 0, 0, 0];
  // Milliseconds in which the kill comes, once a step has been told: more where no file is written in them.
  let span = 40;
  try {
    for (let kill = 1; kill <= count; kill++) {
      const { child, first, closed, stdout, stderr } = start(path);
      // Most in the midst of steps and writes, some while it starts and reads the file.
      random.uniformFill(delays, 0, 1);
      if (kill % 10 !== 0) await first;
      const milliseconds = kill % 10 === 0 ? 150 * delays[0]! : span * delays[0]!;
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      child.kill('SIGKILL');
      await closed;
      if (stderr() !== '') throw new Error(stderr());
      if (readdirSync(folder).some((name) => name.endsWith('.tmp'))) whileWriting++;
      for (const name of readdirSync(folder)) if (name.endsWith('.tmp')) rmSync(join(folder, name));
      const told = Math.max(0, ...stdout().trim().split('\n').map(Number).filter(Number.isFinite));
      if (told < 3 && !statSync(path, { throwIfNoEntry: false })) {
        span *= 2;
        continue;
      }
      try {
        const { fit } = await io.loadCheckpoint(path);
        // A step is told when the file of the one but last before it is on the disk.
        if (fit!.steps < Math.max(steps, told - 2)) lost++;
        steps = fit!.steps;
      } catch {
        corrupt++;
      }
      tell(kill);
    }
    if (steps === 0) throw new Error('no step was saved');
    const last = start(path, String(steps));
    await last.closed;
    if (last.stderr() !== '') throw new Error(last.stderr());
    return { kills: count, whileWriting, corrupt, lost, steps, isSame: last.stdout() === 'same' };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1]?.endsWith('kill.ts')) {
  const count = Number(process.argv[2] ?? 100);
  console.log(await killAgain(count, (kills) => void (kills % 100 === 0 && console.log(`${kills} kills`))));
}
