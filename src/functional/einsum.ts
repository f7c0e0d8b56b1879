/** Sums of products written as an equation, by a plan of matrix products. */
import { show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { currentOps } from '../ops/backend.js';
import { layoutOf, numelOf, stridesOf } from '../tensor/shape.js';
import { setGradFn } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { matmul } from './matmul.js';
import { permute } from './strided.js';
import { sum } from './sum.js';
import { checkFloat, checkSameDtype, empty, zeroed } from './support.js';
import { reshape } from './views.js';

/** A tensor with a name for each dimension. */
interface Named {
  readonly tensor: Tensor;
  readonly names: readonly string[];
}

/**
 * The sum of products that an equation describes, as `torch.einsum`: `einsum('bij,bjk->bik', a, b)`. A letter names a dimension;
 * one that is not in the output is summed over; one that stands twice for an operand takes its diagonal; `...` stands for
 * dimensions that broadcast. Without `->` the output has the letters that stand once, in alphabetical order. Operands are taken from the
 * left, each pair as one batched matrix product, so gradients are those of {@link matmul}.
 * @throws ArgumentError for an equation that makes no sense. @throws ShapeError when sizes do not fit it.
 */
export function einsum(equation: string, ...operands: readonly Tensor[]): Tensor {
  if (typeof equation !== 'string') throw new ArgumentError(`einsum: expected an equation, got ${show(equation)}`);
  if (operands.length === 0)
    throw new ArgumentError('einsum(): must specify the equation string and at least one operand');
  for (const operand of operands)
    checkSameDtype('einsum', checkFloat('einsum', operands[0]), checkFloat('einsum', operand));
  const { inputs, output } = read(equation, operands);
  const sizes = sizesOf(inputs, operands);
  const named = inputs.map((names, i) => prepared(operands[i]!, names, sizes));
  const last = named.slice(1).reduce((left, right, i) => {
    const later = new Set([...output, ...named.slice(i + 2).flatMap(({ names }) => names)]);
    return pair(
      summed(left, new Set([...later, ...right.names])),
      summed(right, new Set([...later, ...left.names])),
      later,
    );
  }, named[0]!);
  return ordered(summed(last, new Set(output)), output);
}

/** Dimensions of an ellipsis have the names .0, .1, ..., counted from the last. */
function ellipsis(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `.${count - 1 - i}`);
}

function read(equation: string, operands: readonly Tensor[]): { inputs: string[][]; output: string[] } {
  const text = equation.replaceAll(' ', '');
  const arrow = text.indexOf('->');
  const left = (arrow < 0 ? text : text.slice(0, arrow)).split(',');
  if (left.length > operands.length)
    throw new ArgumentError('einsum(): fewer operands were provided than specified in the equation');
  if (left.length < operands.length)
    throw new ArgumentError('einsum(): more operands were provided than specified in the equation');
  const inputs = left.map((term, i) => {
    const letters = split(term, `operand ${i}`);
    const { ndim } = operands[i]!;
    const named = letters.filter((letter) => letter !== '...').length;
    const hasEllipsis = named < letters.length;
    if (hasEllipsis ? named > ndim : named !== ndim)
      throw new ShapeError(
        `einsum(): the number of subscripts in the equation (${named}) ${hasEllipsis ? 'is more than' : 'does not match'} ` +
          `the number of dimensions (${ndim}) for operand ${i}${hasEllipsis ? '' : ' and no ellipsis was given'}`,
      );
    return letters.flatMap((letter) => (letter === '...' ? ellipsis(ndim - named) : [letter]));
  });
  const all = inputs.flat();
  const dots = ellipsis(
    Math.max(0, ...all.filter((name) => name.startsWith('.')).map((name) => 1 + Number(name.slice(1)))),
  );
  if (arrow < 0) {
    const once = all.filter((name) => !name.startsWith('.') && all.indexOf(name) === all.lastIndexOf(name));
    return { inputs, output: [...dots, ...once.sort()] };
  }
  const letters = split(text.slice(arrow + 2), 'output');
  for (const [i, letter] of letters.entries()) {
    if (letter === '...') continue;
    if (letters.indexOf(letter) !== i)
      throw new ArgumentError(`einsum(): output subscript ${letter} appears more than once in the output`);
    if (!all.includes(letter))
      throw new ArgumentError(
        `einsum(): output subscript ${letter} does not appear in the equation for any input operand`,
      );
  }
  return { inputs, output: letters.flatMap((letter) => (letter === '...' ? dots : [letter])) };
}

function split(term: string, whose: string): string[] {
  const letters: string[] = [];
  for (let at = 0; at < term.length; at++) {
    const letter = term[at]!;
    if (letter === '.') {
      if (letters.includes('...'))
        throw new ArgumentError(`einsum(): found '.' for ${whose} for which an ellipsis was already found`);
      if (!term.startsWith('...', at))
        throw new ArgumentError(`einsum(): found '.' for ${whose} that is not part of any ellipsis`);
      letters.push('...');
      at += 2;
      continue;
    }
    if (!/[a-zA-Z]/.test(letter))
      throw new ArgumentError(
        `einsum(): invalid subscript ${show(letter)} given for ${whose}, subscripts must be in [a-zA-Z]`,
      );
    letters.push(letter);
  }
  return letters;
}

function sizesOf(inputs: readonly (readonly string[])[], operands: readonly Tensor[]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const [i, names] of inputs.entries()) {
    for (const [dim, name] of names.entries()) {
      const size = operands[i]!.shape[dim]!;
      const first = names.indexOf(name);
      if (first < dim && operands[i]!.shape[first] !== size)
        throw new ShapeError(
          `einsum(): subscript ${name} is repeated for operand ${i} but the sizes don't match, ${size} != ` +
            `${operands[i]!.shape[first]}`,
        );
      const known = sizes.get(name) ?? 1;
      if (known !== 1 && size !== 1 && known !== size)
        throw new ShapeError(
          `einsum(): subscript ${name} has size ${size} for operand ${i} which does not broadcast with previously seen ` +
            `size ${known}`,
        );
      if (known === 1) sizes.set(name, size);
    }
  }
  return sizes;
}

/** Without repeated names, and without those of size 1 that are larger elsewhere: they broadcast. */
function prepared(operand: Tensor, names: readonly string[], sizes: ReadonlyMap<string, number>): Named {
  const { tensor, names: single } = diagonal(operand, names);
  const kept = single.filter((name, dim) => tensor.shape[dim] === sizes.get(name));
  return {
    tensor: reshape(
      tensor,
      kept.map((name) => sizes.get(name)!),
    ),
    names: kept,
  };
}

/** Where a name stands more than once, the elements whose positions are equal. */
function diagonal(input: Tensor, names: readonly string[]): Named {
  const single = [...new Set(names)];
  if (single.length === names.length) return { tensor: input, names };
  const own = stridesOf(input.shape);
  const shape = single.map((name) => input.shape[names.indexOf(name)]!);
  const strides = single.map((name) =>
    own.reduce((total, stride, dim) => total + (names[dim] === name ? stride : 0), 0),
  );
  const output = empty(shape, input.dtype);
  const [x, out] = [input.storage, output.storage];
  currentOps().copy({ x, out, layout: layoutOf(shape, strides, stridesOf(shape)), xOffset: 0, outOffset: 0 });
  const tensor = setGradFn('DiagonalBackward0', output, [input], [], (grad) => {
    const gradInput = zeroed(input.shape, input.dtype);
    const layout = layoutOf(shape, stridesOf(shape), strides);
    currentOps().copy({ x: grad.storage, out: gradInput.storage, layout, xOffset: 0, outOffset: 0 });
    return [gradInput];
  });
  return { tensor, names: single };
}

/** Sums over the names that nothing needs any more. */
function summed({ tensor, names }: Named, needed: ReadonlySet<string>): Named {
  const dim = [...names.keys()].filter((i) => !needed.has(names[i]!));
  if (dim.length === 0) return { tensor, names };
  return { tensor: sum(tensor, { dim }), names: names.filter((name) => needed.has(name)) };
}

/** [batch, left, common] times [batch, common, right]: names that both have and something needs later are the batch. */
function pair(a: Named, b: Named, later: ReadonlySet<string>): Named {
  const both = a.names.filter((name) => b.names.includes(name));
  const batch = both.filter((name) => later.has(name));
  const common = both.filter((name) => !later.has(name));
  const left = a.names.filter((name) => !both.includes(name));
  const right = b.names.filter((name) => !both.includes(name));
  const x = ordered(a, [...batch, ...left, ...common]);
  const y = ordered(b, [...batch, ...common, ...right]);
  const sizes = (named: Named, names: readonly string[]) =>
    names.map((name) => named.tensor.shape[named.names.indexOf(name)]!);
  const [groups, rows, inner, columns] = [sizes(a, batch), sizes(a, left), sizes(a, common), sizes(b, right)];
  const output = matmul(
    reshape(x, [numelOf(groups), numelOf(rows), numelOf(inner)]),
    reshape(y, [numelOf(groups), numelOf(inner), numelOf(columns)]),
  );
  return { tensor: reshape(output, [...groups, ...rows, ...columns]), names: [...batch, ...left, ...right] };
}

function ordered({ tensor, names }: Named, order: readonly string[]): Tensor {
  if (order.every((name, i) => name === names[i])) return tensor;
  return permute(
    tensor,
    order.map((name) => names.indexOf(name)),
  );
}
