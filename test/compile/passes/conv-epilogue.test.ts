import { describe, expect, it } from 'vitest';
import { propagateChannelsLast } from '../../../src/compile/passes/channels-last.js';
import { fuseConvEpilogue } from '../../../src/compile/passes/conv-epilogue.js';
import type { ValueId } from '../../../src/ops/graph.js';
import { List, lines } from './graph.js';
import { batch, conv, inputGradient, pixels } from './images.js';
import { add, copy, pointwise, relu, reluBackward } from './tape.js';

const length = batch * 5 * pixels;
const fused = (list: List): string[] =>
  lines(fuseConvEpilogue(propagateChannelsLast(list.graph()))).map((line) => line.replace(/, geometry=\[.*?\]/, ''));
const start = () => {
  const list = new List();
  return { list, x: list.input(batch * 3 * pixels) };
};
/** Something behind that knows channels, so that they are last up to it. */
const end = (list: List, x: ValueId) => conv(list, x, 5, 1);
const over = (...strides: number[][]) => ({
  sizes: [batch, 5, pixels],
  strides: [[5 * pixels, pixels, 1], ...strides],
});

describe('conv-epilogue', () => {
  it('takes activation, dropout of feature maps, normalisation and a residual sum along', () => {
    const { list, x } = start();
    const residual = conv(list, x, 3, 5).out;
    const [maps, gain, shift] = [list.input(batch * 5), list.state(5), list.state(5)];
    const { out } = conv(list, x, 3, 5);
    const dropped = pointwise(list, [relu(list, out), maps], ([a, b]) => a!.mul(b!), over([5, 1, 0]));
    const strides = over([0, 1, 0], [0, 1, 0]);
    const normal = pointwise(list, [dropped, gain, shift], ([a, b, c]) => a!.mul(b!).add(c!), strides);
    end(list, add(list, normal, residual));
    const [line, other, ...rest] = fused(list);
    expect(rest).toHaveLength(1);
    const programs = [/\|> add\(mul\(mul\(relu\(·\), input1\), state\d+\), state\d+\)$/, /\|> add\(%\d+, ·\)$/];
    expect(line).toMatch(programs[0]!);
    expect(other).toMatch(programs[1]!);
  });

  it('writes what others read, too: an activation that its gradient needs', () => {
    const { list, x } = start();
    const y = relu(list, conv(list, x, 3, 5).out);
    const next = end(list, y);
    reluBackward(list, inputGradient(list, list.input(batch * pixels), next.weight, 5, 1), y);
    end(list, list.values.length - 1);
    const text = fused(list);
    expect(text.filter((line) => line.includes('|>'))).toHaveLength(2);
    expect(text[0]).toContain('|> relu(·)');
    expect(text[2]).toMatch(/convInputGradient\(.*\) \|> selectLessEqual\(%\d+, 0, 0, ·\)/);
  });

  it('takes nothing where channels are not last, nor what differs from pixel to pixel', () => {
    const { list, x } = start();
    copy(list, relu(list, conv(list, x, 3, 5).out), list.output(length));
    const before = list.graph();
    expect(fuseConvEpilogue(before)).toBe(before);
    const other = start();
    const places = other.list.state(pixels);
    const { out } = conv(other.list, other.x, 3, 5);
    end(
      other.list,
      pointwise(other.list, [out, places], ([a, b]) => a!.mul(b!), over([0, 0, 1])),
    );
    expect(fused(other.list).some((line) => line.includes('|>'))).toBe(false);
  });
});
