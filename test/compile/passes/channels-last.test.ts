import { describe, expect, it } from 'vitest';
import { propagateChannelsLast } from '../../../src/compile/passes/channels-last.js';
import { noPostOp } from '../../../src/compile/passes/post-op.js';
import { encodeGeometry } from '../../../src/ops/convolution.js';
import type { ValueId } from '../../../src/ops/graph.js';
import { layoutOf } from '../../../src/tensor/shape.js';
import { List } from './graph.js';
import { batch, conv, inputGradient, maxPool, maxPoolBackward, pixels, side, weightGradient } from './images.js';
import { add, copy, drawKey, dropout, pointwise, programOf, relu } from './tape.js';

const images = (list: List, channels: number): ValueId => list.input(batch * channels * pixels);

/** The flags and layouts of all instructions after the pass: what each says of how its operands lie. */
function layouts(list: List): string[] {
  return propagateChannelsLast(list.graph()).instructions.map(({ op, args }) => {
    const flags = Object.entries(args).filter(([name]) => name.endsWith('ChannelsLast'));
    const last = flags.filter(([, value]) => value === true).map(([name]) => name.replace('ChannelsLast', ''));
    if (flags.length > 0) return `${op} ${last.join(' ')}`.trim();
    return 'layout' in args ? `${op} [${(args.layout as Float64Array).join(' ')}]` : op;
  });
}

function expectUnchanged(list: List): void {
  const before = list.graph();
  expect(propagateChannelsLast(before)).toBe(before);
}

describe('channels-last', () => {
  it('leaves transpositions at the borders of a chain of convolutions, relus and a pool', () => {
    const list = new List();
    const y = relu(list, conv(list, images(list, 3), 3, 5).out);
    const { out } = maxPool(list, y, 5);
    copy(list, out, list.output(batch * 5 * 4));
    expect(layouts(list)).toEqual([
      'conv out',
      'pointwise [160 1]',
      'maxPool x',
      `copy [${[...layoutOf([batch * 5 * 4], [1], [1])].join(' ')}]`,
    ]);
  });

  it('takes the backward pass along, and the index of the pool', () => {
    const list = new List();
    const x = images(list, 3);
    const first = conv(list, x, 3, 5);
    const y = relu(list, first.out);
    const second = conv(list, y, 5, 7);
    const { index } = maxPool(list, second.out, 7);
    const grad = maxPoolBackward(list, list.input(batch * 7 * 4), index, 7);
    weightGradient(list, grad, y, 5, 7);
    const back = inputGradient(list, grad, second.weight, 5, 7);
    weightGradient(list, add(list, back, y), x, 3, 5);
    expect(layouts(list)).toEqual([
      'conv out',
      'pointwise [160 1]',
      'conv x out',
      // The incoming gradient is an input, and the index lies as it does.
      'maxPool x',
      'maxPoolBackward out',
      'convWeightGradient grad x',
      'convInputGradient grad out',
      'pointwise [160 1 1]',
      'convWeightGradient grad',
    ]);
  });

  it('walks operands of broadcasting in the other order: of feature maps of each image, of channels, of pixels', () => {
    const list = new List();
    const { out } = conv(list, images(list, 3), 3, 5);
    const [maps, channels, places] = [list.input(batch * 5), list.state(5), list.state(pixels)];
    const strides = [
      [5 * pixels, pixels, 1],
      [5, 1, 0],
      [0, 1, 0],
      [0, 0, 1],
    ];
    const given = { sizes: [batch, 5, pixels], strides };
    const scaled = pointwise(list, [out, maps, channels, places], ([a, b, c, d]) => a!.mul(b!).add(c!).mul(d!), given);
    conv(list, scaled, 5, 2);
    expect(layouts(list)).toEqual(['conv out', 'pointwise [2 16 5 80 5 1 5 0 1 0 0 1 0 1 0]', 'conv x out']);
  });

  const mean = (list: List, x: ValueId, channels: number, size = pixels): void => {
    const outer = (batch * channels * pixels) / size;
    const program = programOf(1, ([each]) => each!.exp());
    const layout = layoutOf([outer * size], [1]);
    const sizes = { outer, size, inner: 1, kind: 0, divisor: size };
    list.add('reduce', { program, inputs: [x], scalars: [], layout, out: list.output(outer), index: null, ...sizes });
  };

  it('reads pixels across where the mean of each channel is taken', () => {
    const list = new List();
    const { out } = conv(list, images(list, 3), 3, 5);
    mean(list, out, 5);
    conv(list, out, 5, 2);
    expect(layouts(list)).toEqual(['conv out', 'reduce [2 5 16 80 1 5]', 'conv x out']);
  });

  it('leaves what is reduced over something else than the pixels of a channel', () => {
    const list = new List();
    mean(list, conv(list, images(list, 3), 3, 5).out, 5, 5 * pixels);
    expectUnchanged(list);
  });

  it('joins dimensions that become one: feature maps that had been images times channels', () => {
    const list = new List();
    const { out } = conv(list, images(list, 3), 3, 5);
    const gain = list.state(5);
    const strides = [
      [5 * pixels, pixels, 1],
      [0, 1, 0],
    ];
    const scaled = pointwise(list, [out, gain], ([a, b]) => a!.mul(b!), { sizes: [batch, 5, pixels], strides });
    conv(list, scaled, 5, 2);
    expect(layouts(list)[1]).toBe('pointwise [32 5 5 1 0 1]');
  });

  it('concatenates channels and cuts them apart', () => {
    const list = new List();
    const [a, b] = [conv(list, images(list, 3), 3, 2).out, conv(list, images(list, 3), 3, 3).out];
    const joined = list.temporary(batch * 5 * pixels);
    const put = (x: ValueId, channels: number, at: number) => {
      const layout = layoutOf([batch, channels * pixels], [channels * pixels, 1], [5 * pixels, 1]);
      list.add('copy', { x, out: joined, layout, xOffset: 0, outOffset: at * pixels });
    };
    put(a, 2, 0);
    put(b, 3, 2);
    const tail = list.temporary(batch * 4 * pixels);
    const layout = layoutOf([batch, 4 * pixels], [5 * pixels, 1], [4 * pixels, 1]);
    list.add('copy', { x: joined, out: tail, layout, xOffset: pixels, outOffset: 0 });
    conv(list, joined, 5, 2);
    conv(list, tail, 4, 2);
    const instructions = propagateChannelsLast(list.graph()).instructions.filter(({ op }) => op === 'copy');
    expect(layouts(list)).toEqual([
      'conv out',
      'conv out',
      'copy [32 2 2 1 5 1]',
      'copy [32 3 3 1 5 1]',
      'copy [32 4 5 1 4 1]',
      'conv x out',
      'conv x out',
    ]);
    expect(instructions.map(({ args }) => [args.xOffset, args.outOffset])).toEqual([
      [0, 0],
      [0, 2],
      [1, 0],
    ]);
  });

  it('leaves copies of channels that do not lie in one image: across two, or too few to count images', () => {
    for (const [count, from] of [
      [5, 1],
      [3, 0],
    ] as const) {
      const list = new List();
      const { out } = conv(list, images(list, 3), 3, 5);
      const other = conv(list, images(list, 3), 3, 5).out;
      const layout = layoutOf([count * pixels], [1], [1]);
      list.add('copy', { x: out, out: other, layout, xOffset: from * pixels, outOffset: 0 });
      conv(list, other, 5, 2);
      expect(layouts(list)).toEqual(['conv', 'conv', `copy [${layout.join(' ')}]`, 'conv out']);
    }
  });

  it('leaves what two ops see as different images, though for one of them both orders are one', () => {
    const list = new List();
    const { out } = conv(list, images(list, 3), 3, 1);
    const dim = { size: side, outSize: side, kernel: 1, stride: 1, dilation: 1, padLow: 0, padHigh: 0 };
    const geometry = encodeGeometry({ batch: 1, channels: batch, outChannels: 1, groups: 1, dims: [dim, dim] });
    const flags = { xChannelsLast: false, outChannelsLast: false };
    const to = list.output(pixels);
    list.add('conv', { x: out, weight: list.state(batch), bias: null, out: to, geometry, ...flags, ...noPostOp });
    expect(layouts(list)).toEqual(['conv', 'conv out']);
  });

  it('leaves what an op reads that knows nothing of channels, and what lies as that does', () => {
    const list = new List();
    const y = relu(list, conv(list, images(list, 3), 3, 5).out);
    const length = batch * 5 * pixels;
    list.add('softmax', { x: y, out: list.output(length), outer: batch, size: 5, inner: pixels, log: false });
    expectUnchanged(list);
  });

  it('leaves elements alone whose dropout goes by their numbers, and sums with inputs', () => {
    const list = new List();
    const d = dropout(list, conv(list, images(list, 3), 3, 5).out, drawKey(list));
    const sum = add(list, conv(list, d, 5, 5).out, list.input(batch * 5 * pixels));
    copy(list, conv(list, sum, 5, 2).out, list.output(batch * 2 * pixels));
    expectUnchanged(list);
  });

  it('takes one channel for last, which it is in both orders', () => {
    const list = new List();
    const { out } = conv(list, images(list, 1), 1, 1);
    copy(list, out, list.output(batch * pixels));
    expect(layouts(list)[0]).toBe('conv x out');
  });
});
