/** Where memory of an addon may not become a buffer of JavaScript, as in Electron: lists of numbers cross as arrays, with the same results. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { loadAddon } from '../../src/ops/load.js';
import { runChild } from '../helpers/child.js';
import { buildPreload, whyNoPreload } from './preload.js';

const addonPath = loadAddon().path;

/** Layouts, scalars, pointwise programs and jobs: all that numbers cross for. */
const program = `
  const { loadAddon } = await src('ops/load.ts');
  const { addon, path } = loadAddon();
  const { backend, compile, fit, functional: F, manualSeed, nn, optim, predict, tensor } = await src('index.ts');
  manualSeed(5);
  const x = tensor(Array.from({ length: 24 }, (_, i) => Math.sin(i))).reshape(4, 6);
  const y = tensor(Array.from({ length: 8 }, (_, i) => Math.cos(i))).reshape(4, 2);
  const results = [x.transpose(0, 1).mul(2).add(1).clamp(-0.5, 1.5), F.gelu(x), x.softmax(1), x.reshape(2, 2, 6).permute(2, 0, 1).add(x.sum())];
  const model = new nn.Sequential(new nn.Linear(6, 5), new nn.Tanh(), new nn.Dropout(0.2), new nn.Linear(5, 2));
  const optimizer = new optim.AdamW(model.parameters(), { lr: 0.01 });
  const criterion = new nn.MSELoss();
  const step = compile((input, target) => {
    const loss = criterion.forward(model.forward(input), target);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss;
  });
  results.push(step(x, y), await step.async(x, y));
  const { epochs } = await fit(model, { train: [x, y], batchSize: 3, epochs: 2, optimizer, loss: criterion });
  results.push(await predict(model, x), ...model.parameters());
  report({
    path,
    frame: addon.frame.length,
    backend: backend.name,
    results: [...results.map((result) => result.reshape(-1).toArray()), epochs.map(({ loss }) => loss)],
  });`;

interface Report {
  readonly path: string;
  readonly frame: number;
  readonly backend: string;
  readonly results: readonly (readonly number[])[];
}

it.skipIf(whyNoPreload() !== null || addonPath === null)(
  `computes the same bits (${whyNoPreload() ?? 'preloaded'})`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lanewise-'));
    const preload = buildPreload('no_external_buffers');
    try {
      // The name that the addon asks for, in place: both have as many letters.
      const bytes = readFileSync(addonPath!);
      const from = Buffer.from('\0napi_create_external_arraybuffer\0');
      const to = Buffer.from('\0lanewise_no_external_arraybuffer\0');
      expect(to.length).toBe(from.length);
      expect(bytes.indexOf(from)).toBeGreaterThan(0);
      for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at)) to.copy(bytes, at);
      const copy = join(folder, 'lanewise.node');
      writeFileSync(copy, bytes);
      const usual = (await runChild(program)).reported as Report;
      const { reported, stderr } = await runChild(program, { LANEWISE_ADDON: copy, LD_PRELOAD: preload });
      expect(stderr).toBe('');
      expect(usual.frame).toBeGreaterThan(0);
      expect(reported).toEqual({ ...usual, path: copy, frame: 0 });
      expect(usual.results.flat().every(Number.isFinite)).toBe(true);
    } finally {
      for (const each of [folder, dirname(preload)]) rmSync(each, { recursive: true });
    }
  },
);
