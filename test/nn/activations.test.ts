/** Activations against PyTorch: as function and as module, eagerly and compiled, printed; special values; draws. */
import { describe, expect, it } from 'vitest';
import { compile, functional as F, Generator, manualSeed, nn, rand, type Tensor, tensor } from '../../src/index.js';
import { type ActivationCase, golden, values } from '../golden/load.js';
import { describeEachBackend } from '../helpers/backends.js';
import { expectClose } from '../helpers/close.js';
import { load } from './models.js';

const { cases, learnt, drawn, inplace } = golden('activations');

type Layer = new (...args: readonly unknown[]) => nn.Module;
const made = ({ module, args }: Pick<ActivationCase, 'module' | 'args'>): nn.Module =>
  new (nn as object as Readonly<Record<string, Layer>>)[module]!(...args);
const title = (one: ActivationCase) => `${one.text} of [${one.input.shape}]`;
const named = <C extends ActivationCase>(list: readonly C[]) => list.map((one) => ({ ...one, title: title(one) }));

/** Output and gradients of what `run` computes. */
function expectCase(one: ActivationCase, run: (x: Tensor) => Tensor): void {
  const input = values(one.input);
  const x = load(one.input).requiresGrad_();
  const output = run(x);
  expect(output.shape).toEqual(one.output.shape);
  expectClose(output.toTypedArray(), values(one.output));
  output.backward(load(one.gradient));
  // What NaN gives in a gradient depends on the length of the tensor in PyTorch.
  const skip = (i: number) => Number.isNaN(input[i]);
  expectClose(x.grad!.toTypedArray(), values(one.grad), { what: 'gradient', skip });
}

/** The same as one compiled program, the values of the gradient among its results. */
function compiledGradient(one: ActivationCase, run: (x: Tensor) => Tensor): void {
  const step = compile((x: Tensor, gradient: Tensor) => {
    const leaf = x.detach().requiresGrad_();
    const output = run(leaf);
    output.backward(gradient);
    return [output.detach(), leaf.grad!.detach()];
  });
  const [output, grad] = step(load(one.input), load(one.gradient)) as [Tensor, Tensor];
  step.dispose();
  expectClose(output.toTypedArray(), values(one.output), { what: 'compiled result' });
  const input = values(one.input);
  const skip = (i: number) => Number.isNaN(input[i]);
  expectClose(grad.toTypedArray(), values(one.grad), { what: 'compiled gradient', skip });
}

describeEachBackend('activations equal PyTorch', () => {
  it.each(named(cases))('$title', (one) => {
    const layer = made(one);
    expect(String(layer)).toBe(one.text);
    expectCase(one, (x) => layer.forward(x));
    if (one.function !== null) {
      const apply = F[one.function as 'elu'] as (x: Tensor, ...args: readonly unknown[]) => Tensor;
      expectCase(one, (x) => apply(x, ...one.args));
    }
    compiledGradient(one, (x) => layer.forward(x));
  });

  it.each(named(learnt))('$title, with $args slopes', (one) => {
    const layer = made(one) as nn.PReLU;
    expect(layer.weight.toArray()).toEqual(Array(layer.numParameters).fill(0.25));
    layer.loadStateDict({ weight: load(one.weight) });
    expect(String(layer)).toBe(one.text);
    expectCase(one, (x) => layer.forward(x));
    expectClose(layer.weight.grad!.toTypedArray(), values(one.weightGrad), { what: 'gradient of the slopes' });
  });

  it.each(named(drawn))('$title from seed $seed, training: $training', (one) => {
    manualSeed(one.seed, { masks: 'mt19937' });
    const layer = made(one).train(one.training);
    expect(String(layer)).toBe(one.text);
    expectCase(one, (x) => layer.forward(x));
    expect(rand(2).toTypedArray()).toEqual(values(one.after));
    manualSeed(0);
  });

  it('RReLU draws a slope for every element by default, compiled too', () => {
    const x = tensor([-1, -2, 3, -4]);
    const eager = F.rrelu(x, { training: true, generator: new Generator(5) });
    const slopes = new Float32Array(4);
    new Generator(5).uniformFill(slopes, 1 / 8, 1 / 3);
    expectClose(eager.toTypedArray(), Float32Array.of(-slopes[0]!, -2 * slopes[1]!, 3, -4 * slopes[3]!));
    const generator = new Generator(5);
    const run = compile((input: Tensor) => F.rrelu(input, { training: true, generator }));
    expect(run(x).toArray()).toEqual(eager.toArray());
    expect(run(x).toArray()).not.toEqual(eager.toArray());
    const own = new Generator(5, { masks: 'mt19937' });
    const refused = compile((input: Tensor) => F.rrelu(input, { training: true, generator: own }));
    expect(() => refused(x)).toThrow("rrelu() with masks of 'mt19937'");
  });

  it('int32 goes through rectifiers, becomes a float in sigmoid and tanh, and is refused by others', () => {
    const x = tensor([-3, 2, 9], { dtype: 'int32' });
    expect(F.relu(x).toArray()).toEqual([0, 2, 9]);
    expect([F.relu6(x).toArray(), F.relu6(x).dtype]).toEqual([[0, 2, 6], 'int32']);
    expect(F.tanh(x).dtype).toBe('float32');
    expect(() => F.gelu(x)).toThrow('gelu: expected a float32 or float64 tensor, got int32');
  });
});

describe('settings of activations', () => {
  it.each(inplace)('$module takes inplace by name and by position, and prints it', ({ module, text }) => {
    expect(String(made({ module, args: [{ inplace: true }] }))).toBe(text);
  });

  it('by position, by name, and both', () => {
    expect(String(new nn.ReLU(true))).toBe('ReLU(inplace=True)');
    expect(String(new nn.LeakyReLU(0.2, true))).toBe('LeakyReLU(negative_slope=0.2, inplace=True)');
    expect(String(new nn.LeakyReLU(0.2, { inplace: true }))).toBe('LeakyReLU(negative_slope=0.2, inplace=True)');
    expect(String(new nn.Hardtanh(-2, { maxVal: 2 } as never))).toBe('Hardtanh(min_val=-2, max_val=2)');
    expect(String(new nn.RReLU({ lower: 0.1, upper: 0.2, inplace: true }))).toBe(
      'RReLU(lower=0.1, upper=0.2, inplace=True)',
    );
    expect(String(new nn.PReLU({ numParameters: 3, init: 0.1 }))).toBe('PReLU(num_parameters=3)');
    expect(new nn.PReLU(3, { init: 0.5 }).weight.toArray()).toEqual([0.5, 0.5, 0.5]);
    expect([new nn.ELU(2).alpha, new nn.ELU({ alpha: 3 }).alpha]).toEqual([2, 3]);
  });

  it('a field that changes counts, compiled too', () => {
    const layer = new nn.LeakyReLU(0.5);
    const run = compile((x: Tensor) => layer.forward(x));
    expect(run(tensor([-2])).toArray()).toEqual([-1]);
    layer.negativeSlope = 0.25;
    expect(run(tensor([-2])).toArray()).toEqual([-0.5]);
  });
});
