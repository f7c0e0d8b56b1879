/**
 * A thousand random functions of tensors, node by node: the same bits eagerly and compiled, fused and unfused, and on native backends as one
 * pointwise function, too.
 */
import { describe, expect, it } from 'vitest';
import { PointwiseFunction } from '../../src/functional/pointwise.js';
import { backend, type CompileOptions, compile, type Tensor, tensor } from '../../src/index.js';
import type { NodeName } from '../../src/ops/nodes.js';
import type { Expression } from '../../src/pointwise/expression.js';
import { runOn } from '../helpers/backends.js';
import { floats } from '../helpers/values.js';
import { type Algebra, compute, inGraph, type RandomExpression, randomExpression } from './random-expression.js';

/** Fewer on the reference, which fuses nothing, and on backends that run the passes and kernels of another one. */
const countOn = (name: string): number =>
  name === 'reference' || name === 'wasm' ? 100 : name === 'native:scalar' ? 250 : 1000;
const expressions = Array.from({ length: 1000 }, (_, seed) => randomExpression(seed, { uniform: false, length: 12 }));

/** A tensor, a scalar that is given at each call, or a constant of the function. */
type Value = Tensor | { readonly scalar: number } | { readonly constant: number };

const isTensor = (value: Value): value is Tensor => 'storage' in value;
const functions = new Map<string, PointwiseFunction>();

/** The function of one node, for operands of these kinds. */
function functionOf(node: NodeName, operands: readonly Value[]): PointwiseFunction {
  const kinds = operands.map((each) => (isTensor(each) ? 't' : 'scalar' in each ? 's' : String(each.constant)));
  const key = `${node} ${kinds.join(' ')}`;
  const known = functions.get(key);
  if (known !== undefined) return known;
  const made = new PointwiseFunction({
    gradName: 'NodeBackward0',
    inputs: kinds.filter((kind) => kind === 't').length,
    scalars: kinds.filter((kind) => kind === 's').length,
    build: (inputs, scalars, graph) => {
      let [input, scalar] = [0, 0];
      const given = operands.map((each): Expression | number => {
        if (isTensor(each)) return inputs[input++]!;
        return 'scalar' in each ? scalars[scalar++]! : each.constant;
      });
      return graph.apply(node, ...given);
    },
  });
  functions.set(key, made);
  return made;
}

/** Each node as a separate function. */
function nodeByNode(expression: RandomExpression, inputs: readonly Tensor[]): Tensor[] {
  const algebra: Algebra<Value> = {
    input: (index) => inputs[index]!,
    scalar: (index) => ({ scalar: expression.scalars[index]! }),
    constant: (constant) => ({ constant }),
    node: (node, operands) => {
      const scalars = operands.flatMap((each) => ('scalar' in each ? [each.scalar] : []));
      return functionOf(node, operands).apply(node, operands.filter(isTensor), scalars);
    },
  };
  return compute(expression, algebra) as Tensor[];
}

/** Shapes that broadcast, for every third one. */
function inputsOf({ inputs }: RandomExpression, seed: number): Tensor[] {
  const shapes =
    seed % 3 === 0
      ? [[7, 1, 33], [5, 33], [1]]
      : [
          [35, 33],
          [35, 33],
          [35, 33],
        ];
  return Array.from({ length: inputs }, (_, k) => {
    const shape = shapes[(k + seed) % 3]!;
    const size = shape.reduce((a, b) => a * b, 1);
    const values = floats(size, 1000 * seed + k);
    for (const [i, value] of [0, -0, 1, -1, Number.NaN, Number.POSITIVE_INFINITY].entries())
      if (size > 33) values[4 * i + k] = value;
    return tensor(values, { shape });
  });
}

const bitsOf = (outputs: readonly Tensor[]): string =>
  outputs
    .map((output) => {
      const values = Float32Array.from(output.toTypedArray(), (x) => (Number.isNaN(x) ? Number.NaN : x));
      return `${output.shape.join('x')} ${Buffer.from(values.buffer).toString('base64')}`;
    })
    .join('\n');

const instructionsOf = (description: string): number =>
  Number([...description.matchAll(/^(\d+) instructions/gm)].at(-1)![1]);

const unfused: NonNullable<CompileOptions['passes']> = { 'pointwise-chains': false };

describe.each(backend.available)('random functions on %s', (name) => {
  runOn(name);
  const isNative = name !== 'reference';
  const chosen = expressions.slice(0, countOn(name));
  it('give the same bits eagerly and compiled, fused and unfused', () => {
    for (const [seed, expression] of chosen.entries()) {
      const inputs = inputsOf(expression, seed);
      const fn = (...given: readonly Tensor[]) => nodeByNode(expression, given);
      const expected = bitsOf(fn(...inputs));
      const fused = compile(fn);
      expect(bitsOf(fused(...inputs)), `function ${seed}, fused`).toBe(expected);
      // One pass where nothing broadcasts and nothing else is wanted.
      if (isNative && seed % 3 !== 0 && expression.outputs.length === 1)
        expect(instructionsOf(fused.describe()), `function ${seed}, ${fused.describe()}`).toBe(1);
      fused.dispose();
      const plain = compile(fn, { passes: unfused });
      expect(bitsOf(plain(...inputs)), `function ${seed}, unfused`).toBe(expected);
      plain.dispose();
    }
  });

  it('round what all elements share where it goes from one function to the next', () => {
    const third = new PointwiseFunction({
      ...{ gradName: 'ThirdBackward0', inputs: 1, scalars: 1 },
      build: (_inputs, [s]) => s!.div(3),
    });
    const curve = new PointwiseFunction({
      ...{ gradName: 'CurveBackward0', inputs: 2 },
      build: ([a, b]) => a!.exp().sub(b!.mul(a!)).mul(1000).sin(),
    });
    const fn = (x: Tensor): Tensor[] => {
      const shared = third.apply('third', [x], [0.7]);
      return [curve.apply('curve', [shared, x]), curve.apply('curve', [shared, shared])];
    };
    const x = tensor(floats(77, 1));
    const compiled = compile(fn);
    expect(bitsOf(compiled(x))).toBe(bitsOf(fn(x)));
    compiled.dispose();
  });

  it('tell a row from a column, though both are one memory', () => {
    const x = tensor(floats(33, 2));
    const fn = (row: Tensor): Tensor[] => {
      const column = row.reshape([33, 1]);
      return [row.mul(column).exp().sub(column).add(row), row.add(row).mul(column.sin())];
    };
    const compiled = compile(fn);
    expect(bitsOf(compiled(x))).toBe(bitsOf(fn(x)));
    if (isNative) expect(instructionsOf(compiled.describe())).toBeLessThan(6);
    compiled.dispose();
  });

  it.runIf(isNative)('and as one pointwise function', () => {
    for (const [seed, expression] of chosen.entries()) {
      const inputs = inputsOf(expression, seed);
      const [expected] = nodeByNode(expression, inputs);
      const one = new PointwiseFunction({
        ...{ gradName: 'WholeBackward0', inputs: expression.inputs, scalars: expression.scalars.length },
        build: (_inputs, _scalars, graph) => inGraph(expression, graph)[0]!,
      });
      // Operands that nothing reads do not broadcast the nodes that are.
      const result = one.apply('whole', inputs, expression.scalars);
      if (result.shape.join() === expected!.shape.join())
        expect(bitsOf([result]), `function ${seed}`).toBe(bitsOf([expected!]));
    }
  });

  it('give the same gradients eagerly and compiled, fused and unfused', () => {
    for (const [seed, expression] of chosen.entries()) {
      if (seed % 4 !== 0) continue;
      const [leaf, ...others] = inputsOf(expression, seed).map((input, i) => (i === 0 ? input.requiresGrad_() : input));
      const fn = (...given: readonly Tensor[]): Tensor[] => {
        leaf!.grad = null;
        const [output] = nodeByNode(expression, [leaf!, ...given]);
        if (!output!.requiresGrad) return [output!];
        output!.sum().backward();
        return [output!, leaf!.grad!];
      };
      const expected = bitsOf(fn(...others));
      for (const passes of [{}, unfused]) {
        const compiled = compile(fn, { passes });
        expect(bitsOf(compiled(...others)), `function ${seed}, ${JSON.stringify(passes)}`).toBe(expected);
        compiled.dispose();
      }
    }
  });
});
