/** Layers over space against PyTorch: printed, initial weights to the bit with the generator in step, outputs, gradients. */
import { expect, it } from 'vitest';
import { manualSeed, nn, rand, type Tensor, tensor } from '../../src/index.js';
import { golden, type SpaceCase, spaceGradient, values } from '../golden/load.js';
import { describeEachBackend } from '../helpers/backends.js';
import { expectClose } from '../helpers/close.js';
import { poisonUnclearedMemory } from '../helpers/poison.js';
import { bits, load } from './models.js';

poisonUnclearedMemory();

type Maker = new (...args: unknown[]) => nn.Module;

function make({ layer, args, options }: SpaceCase): nn.Module {
  const given = Object.keys(options).length > 0 ? [...args, options] : args;
  return new (nn as unknown as Record<string, Maker>)[layer]!(...given);
}

const title = ({ layer, args, options, shape }: SpaceCase) =>
  `${layer}(${JSON.stringify(args).slice(1, -1)}) ${JSON.stringify(options)} of [${shape}]`;

/** PyTorch's rows and ours differ in the order of their sums only. */
function expectNear(actual: Tensor | null | undefined, expected: SpaceCase['grad'], what: string): void {
  expect(actual?.shape, what).toEqual(expected.shape);
  const wanted = values(expected);
  const largest = Math.max(1, ...Array.from(wanted, Math.abs));
  expectClose(actual!.toTypedArray(), wanted, { what, tolerance: 1e-5 * largest });
}

const { convolutions, shapes } = golden('conv');

describeEachBackend('layers over space equal PyTorch', () => {
  it.each([...convolutions, ...shapes].map((each) => [title(each), each] as const))('%s', (_title, row) => {
    manualSeed(5);
    const layer = make(row);
    expect(String(layer)).toBe(row.text);
    const state = Object.entries(layer.stateDict()).map(([name, value]) => [name, bits(value)]);
    expect(state).toEqual(Object.entries(row.state).map(([name, value]) => [name, bits(load(value))]));
    const x = rand(row.shape as number[])
      .mul(4)
      .sub(2)
      .requiresGrad_();
    const y = layer.forward(x);
    expectNear(y, row.output, 'output');
    y.backward(tensor(spaceGradient(y.numel), { shape: y.shape }));
    expectNear(x.grad, row.grad, 'gradient of the input');
    for (const [name, parameter] of layer.namedParameters())
      expectNear(parameter.grad, row.grads[name]!, `gradient of ${name}`);
  });
});
