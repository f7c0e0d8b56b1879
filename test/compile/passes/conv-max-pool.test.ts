import { describe, expect, it } from 'vitest';
import { propagateChannelsLast } from '../../../src/compile/passes/channels-last.js';
import { fuseConvEpilogue } from '../../../src/compile/passes/conv-epilogue.js';
import { fuseConvMaxPool } from '../../../src/compile/passes/conv-max-pool.js';
import type { Graph } from '../../../src/ops/graph.js';
import { encodeWindows } from '../../../src/ops/windows.js';
import { List, lines } from './graph.js';
import { batch, conv, inputGradient, maxPool, maxPoolBackward, pixels, side, weightGradient } from './images.js';
import { add, copy, relu } from './tape.js';

const fused = (graph: Graph): string[] => lines(fuseConvMaxPool(fuseConvEpilogue(propagateChannelsLast(graph))));
const ops = (text: readonly string[]) => text.map((line) => /= (\w+)\(/.exec(line)![1]);
const start = () => {
  const list = new List();
  return { list, x: list.input(batch * 3 * pixels) };
};

describe('conv-max-pool', () => {
  it('makes a convolution, relu and the pool one op', () => {
    const { list, x } = start();
    const { out } = maxPool(list, relu(list, conv(list, x, 3, 5).out), 5);
    copy(list, out, list.output(batch * 5 * 4));
    expect(fused(list.graph())).toEqual([
      '%4, index=%5 = convMaxPool(input0, state0) |> relu(·)',
      'output0 = copy(%4, output0)',
    ]);
  });

  it('leaves a convolution that others read as well', () => {
    const { list, x } = start();
    const { out } = conv(list, x, 3, 5);
    maxPool(list, out, 5);
    copy(list, out, list.output(batch * 5 * pixels));
    const before = list.graph();
    expect(fuseConvMaxPool(before)).toBe(before);
  });

  it('spreads the gradient of the pool where both gradients of the convolution are made', () => {
    const { list, x } = start();
    const { weight, out } = conv(list, x, 3, 5);
    const { index } = maxPool(list, out, 5);
    const spread = maxPoolBackward(list, list.input(batch * 5 * 4), index, 5);
    copy(list, weightGradient(list, spread, x, 3, 5), list.output(5 * 3 * 9));
    copy(list, inputGradient(list, spread, weight, 3, 5), list.output(batch * 3 * pixels));
    const text = lines(fuseConvMaxPool(list.graph()));
    expect(ops(text)).toEqual(['convMaxPool', 'convMaxPoolBackward', 'copy', 'copy']);
    expect(text[1]).toMatch(/^out=%\d+, %\d+ = convMaxPoolBackward\(input1, %\d+, input0, weight=state0\)$/);
  });

  it('leaves the gradient of the pool where it is added to that of the input, as behind a sum of branches', () => {
    const { list, x } = start();
    const { weight, out } = conv(list, x, 5, 5);
    const { index } = maxPool(list, add(list, out, x), 5);
    const spread = maxPoolBackward(list, list.input(batch * 5 * 4), index, 5);
    weightGradient(list, spread, x, 5, 5);
    add(list, inputGradient(list, spread, weight, 5, 5), spread);
    expect(ops(fused(list.graph()))).toEqual([
      'conv',
      'add',
      'maxPool',
      'maxPoolBackward',
      'convWeightGradient',
      'convInputGradient',
    ]);
  });

  it('leaves a pool that sees other images in the same memory, and its gradient', () => {
    const { list, x } = start();
    const { out } = conv(list, x, 3, 5);
    const dim = { size: side, outSize: 2, starts: [0, 2], ends: [2, 4], dilation: 1, divisors: [2, 2] };
    const windows = encodeWindows({ batch: 1, channels: batch * 5, dims: [dim, dim] });
    const [pooled, index] = [list.temporary(batch * 5 * 4), list.temporary(batch * 5 * 4, 'int32')];
    list.add('maxPool', { x: out, out: pooled, index, windows, xChannelsLast: false, outChannelsLast: false });
    const spread = list.temporary(batch * 5 * pixels);
    list.add('maxPoolBackward', {
      ...{ grad: list.input(batch * 5 * 4), index, out: spread, windows },
      ...{ gradChannelsLast: false, outChannelsLast: false },
    });
    weightGradient(list, spread, x, 3, 5);
    const before = list.graph();
    expect(fuseConvMaxPool(before)).toBe(before);
  });

  it('does so for the weight alone, and not where another reads the gradient of the pool', () => {
    const { list, x } = start();
    const { index } = maxPool(list, conv(list, x, 3, 5).out, 5);
    const spread = maxPoolBackward(list, list.input(batch * 5 * 4), index, 5);
    weightGradient(list, spread, x, 3, 5);
    expect(lines(fuseConvMaxPool(list.graph())).at(-1)).toMatch(/^%\d+ = convMaxPoolBackward\(/);
    copy(list, spread, list.output(batch * 5 * pixels));
    expect(lines(fuseConvMaxPool(list.graph())).some((line) => line.includes('convMaxPoolBackward'))).toBe(false);
  });
});
