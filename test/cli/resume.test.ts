/** A training by the CLI that is stopped goes on to the same model; the model that is saved is that of the best epoch. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resumeCommand } from '../../src/cli/checkpoint.js';
import { Generator, io } from '../../src/index.js';
import { ensureBuilt, root } from '../helpers/built.js';
import { lanewise } from './run.js';

const timeout = 180_000;
const isWindows = process.platform === 'win32';
const main = join(root, 'dist/lib/cli/main.js');
let cwd = '';

beforeAll(() => {
  ensureBuilt();
  cwd = mkdtempSync(join(tmpdir(), 'lanewise-resume-'));
  writeFileSync(join(cwd, 'waves.csv'), makeWaves(400, 3));
}, 600_000);
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

/** Numbers with noise, so that a network learns by heart after a while. */
function makeWaves(rows: number, slope: number): string {
  const draws = new Float64Array(rows * 3);
  new Generator(2).uniformFill(draws);
  const lines = Array.from({ length: rows }, (_, i) => {
    const [a = 0, b = 0, noise = 0] = draws.subarray(i * 3, i * 3 + 3);
    return [a, b, Math.sin(6 * a) + slope * b + noise].map((number) => number.toFixed(5)).join(',');
  });
  return `a,b,y\n${lines.join('\n')}\n`;
}

const bytesOf = (name: string) => readFileSync(join(cwd, name));

async function trainTo(name: string, ...more: string[]): Promise<{ epochs: number; metrics: object }> {
  const args = ['train', 'waves.csv', '-t', 'y', '--lr', '0.02', '--out', `${name}.safetensors`, '-q', '--json'];
  const { code, stdout, stderr } = await lanewise([...args, ...more], { cwd });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

describe('the saved model', () => {
  it('has the weights of the best epoch, not of the last', { timeout }, async () => {
    const patience = 6;
    const { epochs, metrics } = await trainTo('patient', '--patience', String(patience), '--epochs', '500');
    expect(epochs).toBeGreaterThan(patience + 1);
    expect(epochs).toBeLessThan(500);
    const best = await trainTo('best', '--epochs', String(epochs - patience));
    expect(best.epochs).toBe(epochs - patience);
    expect(best.metrics).toEqual(metrics);
    expect(bytesOf('patient.safetensors').equals(bytesOf('best.safetensors'))).toBe(true);
    expect(existsSync(join(cwd, 'patient.checkpoint.safetensors'))).toBe(false);
  });
});

describe.skipIf(isWindows)('--resume', () => {
  const args = ['train', 'waves.csv', '-t', 'y', '--epochs', '600', '--patience', '600', '--json'];
  const options = [...args, '--hidden', '64,64', '--out', "it's mine.safetensors"];
  const checkpoint = "it's mine.checkpoint.safetensors";
  let command = '';

  it('is what Ctrl-C names: the checkpoint has the columns', { timeout }, async () => {
    let isSent = false;
    const onNote = (text: string, kill: (signal: NodeJS.Signals) => void) => {
      if (isSent || !text.includes('epoch ')) return;
      isSent = true;
      kill('SIGINT');
    };
    const { code, stdout, stderr } = await lanewise(options, { cwd, onNote });
    expect(code, stderr).toBe(130);
    const { epochs, isInterrupted } = JSON.parse(stdout);
    expect(isInterrupted).toBe(true);
    expect(epochs).toBeLessThan(600);
    command = /^to go on: (.*)$/m.exec(stderr)![1]!;
    expect(command).toMatch(/^lanewise train --resume waves\.csv /);
    const { fit } = await io.loadCheckpoint(join(cwd, checkpoint));
    // One fewer when the signal comes between the last step of an epoch and the end of its callbacks.
    expect([epochs - 1, epochs]).toContain(fit!.epochs);
    expect(bytesOf(checkpoint).toString('latin1')).toContain('lanewise.ColumnTransformer');
  });

  it('refuses another table, and leaves all files as they are', { timeout }, async () => {
    const before = bytesOf('waves.csv');
    const [model, state] = [bytesOf("it's mine.safetensors"), bytesOf(checkpoint)];
    writeFileSync(join(cwd, 'waves.csv'), makeWaves(400, 4));
    const { code, stderr } = await lanewise([...options, '--resume'], { cwd });
    writeFileSync(join(cwd, 'waves.csv'), before);
    expect(code).toBe(1);
    expect(stderr).toContain('the table, or what is to be learnt from it, is not as it was when the training began');
    expect(bytesOf("it's mine.safetensors").equals(model)).toBe(true);
    expect(bytesOf(checkpoint).equals(state)).toBe(true);
  });

  it('goes on to the model of a training that was not stopped', { timeout }, async () => {
    const { code, stdout, stderr } = await shell(command);
    expect(code, stderr).toBe(0);
    const whole = await lanewise([...args, '--hidden', '64,64', '--out', 'whole.safetensors'], { cwd });
    expect(whole.code).toBe(0);
    const { model: _one, ...resumed } = JSON.parse(stdout);
    const { model: _other, ...told } = JSON.parse(whole.stdout);
    expect(resumed).toEqual(told);
    expect(bytesOf("it's mine.safetensors").equals(bytesOf('whole.safetensors'))).toBe(true);
    expect(existsSync(join(cwd, checkpoint))).toBe(false);
  });

  it('says so when there is nothing to go on from', async () => {
    const { code, stderr } = await lanewise([...args, '--resume', '--out', 'none.safetensors'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain(
      '--resume: none.checkpoint.safetensors is not there; a training that Ctrl-C stops writes it',
    );
  });
});

/** A line of a shell that knows the command. */
function shell(line: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, NODE: process.execPath, MAIN: main };
    const child = spawn('sh', ['-c', `lanewise() { "$NODE" "$MAIN" "$@"; }\n${line}`], { cwd, env, stdio: 'pipe' });
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name].setEncoding('utf8').on('data', (text: string) => {
        texts[name] += text;
      });
    child.on('error', reject).on('close', (code) => resolve({ code, ...texts }));
  });
}

describe.skipIf(isWindows)('the command that goes on', () => {
  it.each([[['a b', "it's", '$x', '']], [['--resume', 'x.csv']]])('is read by a shell as it was given: %j', (given) => {
    const line = resumeCommand(['train', ...given]).replace(/^lanewise/, 'printf "%s\\n"');
    const { stdout } = spawnSync('sh', ['-c', line], { encoding: 'utf8' });
    const more = given.includes('--resume') ? given : ['--resume', ...given];
    expect(stdout).toBe(`${['train', ...more].join('\n')}\n`);
  });
});
