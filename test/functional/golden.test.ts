/** Every function against what PyTorch computes, on every backend: values, gradients, special values, odd shapes. */
import { expect, it } from 'vitest';
import { functional as F, Tensor, tensor } from '../../src/index.js';
import type { HostArray } from '../../src/ops/ops.js';
import { type FunctionCase, type GoldenTensor, golden, values } from '../golden/load.js';
import { describeEachBackend } from '../helpers/backends.js';
import { expectClose } from '../helpers/close.js';
import { poisonUnclearedMemory } from '../helpers/poison.js';

poisonUnclearedMemory();

function load(from: GoldenTensor): Tensor {
  return tensor(values(from), { shape: from.shape });
}

/** Calls a function of the list the way lanewise spells it. */
function call({ function: name, note, args }: FunctionCase, inputs: Tensor[]): Tensor {
  const [x] = inputs as [Tensor];
  const options = args.length === 0 ? undefined : { dim: args[0] as number, keepdim: args[1] as boolean };
  switch (name) {
    case 'clamp':
      return F.clamp(x, ...args.map((bound) => (bound === null ? undefined : (bound as number))));
    case 'sum':
    case 'mean':
      return F[name](x, options);
    case 'norm': {
      const [p, over] = args as [number | string, object];
      return F.norm(x, Number(String(p).replace('inf', 'Infinity')), over);
    }
    case 'einsum':
      return F.einsum(args[0] as string, ...inputs);
    case 'argmin':
      return F.argmin(x, options);
    case 'argmax':
      return F.argmax(x, options);
    case 'max':
    case 'min': {
      if (options === undefined) return F[name](x);
      const { values, indices } = F[name](x, options);
      return note.startsWith('indices') ? indices : values;
    }
    case 'cat':
    case 'stack':
      return F[name](inputs, args[0] as number);
    case 'split':
    case 'chunk': {
      const [sizes, dim, piece] = args as [number, number, number];
      return F[name](x, sizes, dim).at(piece)!;
    }
    case 'repeatInterleave': {
      const [repeats, dim] = [inputs[1] ?? (args[0] as number), args.at(-1) as number];
      return F.repeatInterleave(x, repeats, note === 'flat' ? {} : { dim });
    }
    case 'sort': {
      const { values, indices } = F.sort(x, { dim: args[0] as number, descending: args[1] as boolean });
      return note.startsWith('indices') ? indices : values;
    }
    case 'argsort':
      return F.argsort(x, { dim: args[0] as number, descending: args[1] as boolean });
    case 'topk': {
      const [k, dim, largest] = args as [number, number, boolean];
      const { values, indices } = F.topk(x, k, { dim, largest });
      return note.startsWith('indices') ? indices : values;
    }
    case 'gather':
      return F.gather(x, args[0] as number, inputs[1]!);
    case 'scatter':
      return F.scatter(x, args[0] as number, inputs[1]!, inputs[2] ?? (args[1] as number));
    case 'scatterAdd':
      return F.scatterAdd(x, args[0] as number, inputs[1]!, inputs[2]!);
    case 'indexSelect':
      return F.indexSelect(x, inputs[1]!);
    default: {
      const fn = F[name as 'add'] as (...args: unknown[]) => Tensor;
      return fn(...inputs, ...args);
    }
  }
}

/** Native backends take subnormal numbers for 0: where one goes in, PyTorch's answer is not asked of them. */
function flushes(backendName: string, input: HostArray): (element: number) => boolean {
  const smallest = 2 ** -126;
  return (i) => backendName !== 'reference' && input[i] !== 0 && Math.abs(input[i]!) < smallest;
}

const cases = golden('functions').cases.map((one) => ({
  ...one,
  title: [one.function, one.note, JSON.stringify(one.args), ...one.inputs.map((input) => JSON.stringify(input.shape))]
    .filter((part) => part !== '' && part !== '[]')
    .join(' '),
}));

describeEachBackend('functions equal PyTorch', (backendName) => {
  it.each(cases)('$title', (one) => {
    const inputs = one.inputs.map((input) => {
      const leaf = load(input);
      return one.gradient !== undefined && leaf.dtype !== 'int32' ? leaf.requiresGrad_() : leaf;
    });
    const output = call(one, inputs);
    expect(output.shape).toEqual(one.output.shape);
    expect(output.dtype).toBe(one.output.dtype);
    const isElementwise = inputs.length === 1 && output.numel === inputs[0]!.numel;
    const skip = isElementwise ? flushes(backendName, values(one.inputs[0]!)) : undefined;
    // Integers are right or wrong.
    expectClose(output.toTypedArray(), values(one.output), { skip, ...(output.dtype === 'int32' && { tolerance: 0 }) });
    if (one.gradient === undefined) return;
    output.backward(load(one.gradient));
    one.grads!.forEach((grad, i) => {
      if (grad === null) return;
      expect(inputs[i]!.grad, `gradient of input ${i}`).toBeInstanceOf(Tensor);
      expectClose(inputs[i]!.grad!.toTypedArray(), values(grad), { what: `gradient of input ${i}`, skip });
    });
  });
});

const losses = golden('losses');

describeEachBackend('losses equal PyTorch', () => {
  it.each(losses.crossEntropy)('crossEntropy, $name, $reduction', (one) => {
    const input = load(one.input).requiresGrad_();
    const loss = F.crossEntropy(input, load(one.target), {
      weight: one.weight === null ? null : load(one.weight),
      reduction: one.reduction,
      ...(one.ignoreIndex === null ? {} : { ignoreIndex: one.ignoreIndex }),
      ...(one.labelSmoothing === null ? {} : { labelSmoothing: one.labelSmoothing }),
    });
    expect(loss.shape).toEqual(one.loss.shape);
    expectClose(loss.toTypedArray(), values(one.loss));
    loss.backward(load(one.gradient));
    expectClose(input.grad!.toTypedArray(), values(one.grad), { what: 'gradient' });
  });

  it.each(losses.mse)('mseLoss, $name, $reduction', (one) => {
    const input = load(one.input).requiresGrad_();
    const loss = F.mseLoss(input, load(one.target), { reduction: one.reduction });
    expectClose(loss.toTypedArray(), values(one.loss));
    loss.backward(load(one.gradient));
    expectClose(input.grad!.toTypedArray(), values(one.grad), { what: 'gradient' });
  });
});
