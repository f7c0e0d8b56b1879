/** Sparse matrices along an axis: padding by reflection, unfolding, interpolation. */
import { alongMiddle } from '../axes.js';
import type { Handlers } from '../handlers.js';
import { constantOf, type Quantity } from '../quantity.js';
import type { Translator } from '../translator.js';

export const sparse: Pick<Handlers, 'sparseMatmul'> = {
  /** Gather where each row is one element of the input; else a product with the matrix written out. */
  sparseMatmul(call, to) {
    const { graph } = to;
    const [outer, size, inner] = [call.number('outer'), call.number('size'), call.number('inner')];
    const [rows, entries] = [constant(to, call.number('rows')), constant(to, call.number('entries'))];
    const numbers = call.numbers('matrix').map((each) => constant(to, each));
    const columns = numbers.slice(rows + 1, rows + 1 + entries);
    const weights = numbers.slice(rows + 1 + entries);
    const x = call.memory('x');
    const isSelection = entries === rows && weights.every((weight) => weight === 1) && isOneEach(numbers, rows);
    if (isSelection) {
      const { value, axes, reduced } = alongMiddle(to, x, [outer, size, inner], 1);
      const axis = axes[0]!;
      const shape = reduced.toSpliced(axis, 0, graph.batches.number(rows));
      return to.write(
        call.memory('out'),
        graph.one('Gather', [value, graph.integers(columns)], value.type, shape, { axis }),
      );
    }
    const width = constant(to, size);
    const dense = new Float32Array(rows * width);
    for (let r = 0; r < rows; r++)
      for (let e = numbers[r]!; e < numbers[r + 1]!; e++) dense[r * width + columns[e]!]! += weights[e]!;
    const matrix = graph.constant('float32', [rows, width], dense);
    const value = to.readAs(x, [outer, size, inner]);
    const shape = [outer, graph.batches.number(rows), inner];
    to.write(call.memory('out'), graph.one('MatMul', [matrix, value], value.type, shape));
  },
};

const isOneEach = (starts: readonly number[], rows: number): boolean =>
  starts.slice(0, rows + 1).every((start, r) => start === r);

function constant(to: Translator, quantity: Quantity): number {
  const value = constantOf(quantity);
  if (value === null)
    throw to.refuse(
      'padding and resizing of a size that depends on the batch has no ONNX form; export with dynamicBatch: false',
    );
  return value;
}
