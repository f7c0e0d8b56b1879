import type { Graph } from '../../ops/graph.js';
import { instruction, isOp } from './instruction.js';

/** Parts have at least as many bytes and rows, and there are at most as many of them: each costs a message, and reads one operand again. */
const partBytes = 262_144;
const partRows = 128;
const mostParts = 4;

/**
 * Nothing is left to compute while the last large gradient travels between ranks. Where it is a product of matrices, product and sum become one op that makes
 * rows of it and begins their sum, part by part. Where a rank has no core to spare for what travels, there is one part (native/program/collective_ops.cc). The bits are the same.
 */
export function splitLastProduct(graph: Graph): Graph {
  const { values, instructions } = graph;
  const bytesOf = (ids: readonly number[]): number => ids.reduce((sum, id) => sum + 4 * values[id]!.length, 0);
  const index = instructions.findLastIndex(
    (each) => isOp(each, 'allReduceStart') && bytesOf(each.args.out) >= partBytes,
  );
  const [product, start] = [instructions[index - 1], instructions[index]];
  if (!isOp(product, 'matmul') || !isOp(start, 'allReduceStart')) return graph;
  const { a, b, out, batch, m, n, k, transA, transB } = product.args;
  const { x, out: sums, divisor } = start.args;
  const parts = Math.min(mostParts, Math.floor(m / partRows), Math.floor(bytesOf([out]) / partBytes));
  const inPlace = x.length === 1 && x[0] === out && sums[0] === out && values[out]!.length === m * n;
  if (!inPlace || batch !== 1 || parts < 2) return graph;
  const both = instruction('allReduceMatmulStart', { a, b, out, m, n, k, transA, transB, parts, divisor });
  return { ...graph, instructions: instructions.toSpliced(index - 1, 2, both) };
}
