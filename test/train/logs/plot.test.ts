/** Curves of a training, as SVG and as text. */
import { describe, expect, it } from 'vitest';
import { ArgumentError, type EpochResult, plot, StateError } from '../../../src/index.js';
import { chartsOf } from '../../../src/train/logs/charts.js';
import { makeHistory } from '../../../src/train/logs/csv.js';
import { optionalPackage } from '../../../src/train/logs/optional-package.js';

const epochs = Array.from({ length: 12 }, (_, i): EpochResult => {
  const scores = { loss: 3 / (i + 1), metrics: { accuracy: i / 12, f1: i < 3 ? Number.NaN : 0.5 } };
  return {
    ...{ epoch: i + 1, ...scores, steps: 1, samples: 1, lr: [0.1], seconds: 1, samplesPerSecond: 1 },
    ...(i % 2 === 0 ? { validation: { loss: 4 / (i + 1), metrics: { accuracy: i / 15, f1: 0.4 } } } : {}),
  };
});
const history = makeHistory({ epochs, stopped: null, seconds: 12 });

describe('the charts', () => {
  it('are one for each score, with what is finite', () => {
    const [loss, accuracy, f1, ...others] = chartsOf(epochs);
    expect([loss!.title, accuracy!.title, f1!.title, others]).toEqual(['loss', 'accuracy', 'f1', []]);
    expect(loss!.curves.map(({ name, points }) => [name, points.length])).toEqual([
      ['train', 12],
      ['validation', 6],
    ]);
    expect(loss!.curves[1]!.points[1]).toEqual([3, 4 / 3]);
    expect(f1!.curves[0]!.points.map(([epoch]) => epoch)).toEqual([4, 5, 6, 7, 8, 9, 10, 11, 12]);
  });

  it('of very many epochs have some of them, the last one too', () => {
    const many = Array.from({ length: 12_345 }, (_, i) => ({ ...epochs[1]!, epoch: i + 1 }));
    const { points } = chartsOf(many)[0]!.curves[0]!;
    expect(points.length).toBeGreaterThan(1000);
    expect(points.length).toBeLessThanOrEqual(2000);
    expect(points.at(-1)![0]).toBe(12_345);
  });
});

describe('plot', () => {
  it('draws SVG with a curve for each score of training and validation', async () => {
    const svg = await plot(history);
    expect(svg).toMatch(/^<svg width="720" height="840"[^>]*>[\s\S]*<\/svg>$/);
    for (const word of ['loss', 'accuracy', 'f1', 'train', 'validation', 'epoch']) expect(svg).toContain(`>${word}<`);
    for (const color of ['#1f77b4', '#ff7f0e'])
      expect(svg.match(new RegExp(`<path[^>]*fill="none"[^>]*stroke="${color}"`, 'g'))!.length).toBeGreaterThanOrEqual(
        3,
      );
    expect(await plot(epochs)).toMatch(/^<svg/);
  });

  it('draws the scores that are asked for, at the size that is asked for', async () => {
    const svg = await plot(history, { scores: ['accuracy'], width: 300, height: 200 });
    expect(svg).toMatch(/^<svg width="300" height="200"/);
    expect(svg).not.toContain('>loss<');
  });

  it('draws text, with colours if they are wanted', async () => {
    const text = await plot(history, { format: 'terminal', color: false, scores: ['loss'] });
    expect(text).toContain('loss');
    expect(text).toMatch(/train[\s\S]*validation/);
    expect(text).toMatch(/[┏━┓┗┛┃]/);
    expect(text).not.toContain('\u001b[');
    expect(await plot(history, { format: 'terminal', color: true })).toContain('\u001b[');
    const wide = await plot(history, { format: 'terminal', color: false, scores: ['loss'], width: 100, height: 20 });
    expect(wide.split('\n').length).toBeGreaterThan(text.split('\n').length + 5);
  });

  it('draws one epoch, and says where there is nothing to draw', async () => {
    expect(await plot(epochs.slice(0, 1))).toMatch(/^<svg/);
    const lost = { ...epochs[1]!, loss: Number.NaN, metrics: {} };
    expect(await plot([lost], { format: 'terminal' })).toBe('loss: no finite value\n');
    expect(await plot([epochs[0]!], { format: 'terminal', color: false, scores: ['loss'] })).toContain('loss');
  });

  it.each([
    ['no history', () => plot(3 as never), 'plot: expected a history or its epochs, got 3'],
    ['no epochs', () => plot([]), 'plot: the history has no epochs'],
    [
      'an unknown score',
      () => plot(history, { scores: ['r2'] }),
      'there is no score called "r2"; there are loss, accuracy, f1',
    ],
    ['scores that are none', () => plot(history, { scores: 'loss' as never }), 'scores must be an array of names'],
    ['a format', () => plot(history, { format: 'png' as never }), 'format must be one of svg, terminal, got "png"'],
    ['a width', () => plot(history, { width: 1.5 }), 'width'],
    ['a colour', () => plot(history, { color: 1 as never }), 'color must be a boolean'],
    ['an unknown option', () => plot(history, { colour: true } as never), 'unknown option "colour"'],
  ])('refuses %s', async (_name, run, message) => {
    await expect(run()).rejects.toThrow(ArgumentError);
    await expect(run()).rejects.toThrow(message);
  });

  it('says which package to install, and nothing else', async () => {
    const missing = optionalPackage('plot', 'no-such-package', () => import('no-such-package' as string));
    await expect(missing).rejects.toThrow(StateError);
    const broken = optionalPackage('plot', 'echarts', () => Promise.reject(new Error('broken')));
    await expect(broken).rejects.toThrow('broken');
  });
});
