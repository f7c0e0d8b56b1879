/** Layers of pooling against PyTorch, on every backend: what they print, results, indices, gradients. */
import { expect, it } from 'vitest';
import { compile, nn, ones, randn, type Tensor, tensor } from '../../src/index.js';
import { golden, values } from '../golden/load.js';
import { describeEachBackend } from '../helpers/backends.js';
import { expectClose } from '../helpers/close.js';
import { poisonUnclearedMemory } from '../helpers/poison.js';
import { load } from './models.js';

poisonUnclearedMemory();

const { rows, unpool } = golden('pooling');

describeEachBackend('pooling', () => {
  it.each(rows.map((row) => [row.text, row] as const))('%s', (text, row) => {
    const layer = new nn[row.layer](...row.args);
    expect(String(layer)).toBe(text);
    const x = load(row.input).requiresGrad_();
    const output = layer.forward(x);
    expect(output.shape).toEqual(row.output.shape);
    expectClose(output.toTypedArray(), values(row.output), { what: 'output' });
    output.backward(load(row.gradient));
    expectClose(x.grad!.toTypedArray(), values(row.grad), { what: 'gradient' });
    expectClose(layer.forward(load(row.input)).toTypedArray(), values(row.output), { what: 'without a gradient' });
  });

  it.each(rows.filter(({ indices }) => indices !== null).map((row) => [row.text, row] as const))(
    '%s gives indices',
    (_text, row) => {
      const [size, ...rest] = row.args as unknown as [number, object?];
      const layer = new nn[row.layer](size, { ...rest[0], returnIndices: true });
      const [output, indices] = layer.forward(load(row.input));
      expectClose(output.toTypedArray(), values(row.output), { what: 'output' });
      expect(indices.dtype).toBe('int32');
      expect(Array.from(indices.toTypedArray())).toEqual(Array.from(values(row.indices!)));
    },
  );

  it.each(unpool.map((row) => [row.text, row] as const))('%s', (text, row) => {
    const layer = new nn[row.layer](...row.args);
    expect(String(layer)).toBe(text);
    const back = layer.forward(load(row.input), load(row.indices), row.outputSize);
    expect(back.shape).toEqual(row.output.shape);
    expect(Array.from(back.toTypedArray())).toEqual(Array.from(values(row.output)));
  });

  it('takes the stride in its place in Python', () => {
    expect(String(new nn.MaxPool2d(3, 2))).toBe(String(new nn.MaxPool2d(3, { stride: 2 })));
    expect(new nn.AvgPool2d(2, [1, 2]).forward(ones(1, 4, 4)).shape).toEqual([1, 3, 2]);
  });

  it('takes no images at all', () => {
    const x = ones([0, 3, 4, 4], { requiresGrad: true });
    const output = new nn.MaxPool2d(2).forward(x);
    expect(output.shape).toEqual([0, 3, 2, 2]);
    output.sum().backward();
    expect(x.grad!.shape).toEqual([0, 3, 4, 4]);
    expect(new nn.AdaptiveAvgPool2d(0).forward(ones(1, 4, 4)).shape).toEqual([1, 0, 0]);
  });

  it('computes the same in a program, and after a setting has changed', () => {
    const model = new nn.Sequential(new nn.MaxPool2d(2), new nn.AvgPool2d(3, { stride: 1, padding: 1 }));
    const gradient = (x: Tensor) => {
      const leaf = x.detach().mul(1).detach().requiresGrad_();
      const output = model.forward(leaf);
      output.mul(output).sum().backward();
      return [output, leaf.grad!];
    };
    const step = compile((x: Tensor) => gradient(x).map((each) => each.mul(1)));
    const x = randn(2, 5, 8, 10);
    for (const ceilMode of [false, true]) {
      Object.assign(model.at(0), { ceilMode });
      const [output, grad] = step(x) as [Tensor, Tensor];
      const [output2, grad2] = gradient(x) as [Tensor, Tensor];
      expect(output.toArray()).toEqual(output2.toArray());
      expect(grad.toArray()).toEqual(grad2.toArray());
    }
  });

  it('has no place for a window of padding only', () => {
    const x = tensor([[[[0, 1, 2]]]]).requiresGrad_();
    const settings = { stride: 1, padding: [1, 0], dilation: [2, 1], returnIndices: true } as const;
    const [output, indices] = new nn.MaxPool2d([2, 1], settings).forward(x) as unknown as [Tensor, Tensor];
    expect([output.toArray(), indices.toArray()]).toEqual([
      [[[[-Infinity, -Infinity, -Infinity]]]],
      [[[[-1, -1, -1]]]],
    ]);
    output.backward(ones([1, 1, 1, 3]));
    expect(x.grad!.toArray()).toEqual([[[[0, 0, 0]]]]);
  });

  it('does not read an index that lies beyond the plane', () => {
    const layer = new nn.MaxUnpool1d(2);
    expect(() => layer.forward(ones(1, 1, 1), tensor([[[2]]], { dtype: 'int32' }))).toThrow('out of');
  });
});
