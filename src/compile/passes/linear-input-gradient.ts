import type { Graph, ValueId } from '../../ops/graph.js';
import { intern } from '../../pointwise/emit.js';
import { type Analysis, fuse, rewriteAll } from './analysis.js';
import { biasGradientOf } from './bias-gradient.js';
import { type InstructionArgs, type InstructionOf, instruction, isOp } from './instruction.js';
import { fuseNext, noPostOp, type PostOp } from './post-op.js';

/**
 * The gradient of a linear's input, and on the way what the tape does to it next: the gradients of what made the input, and the sum
 * over the rows that is the gradient of the bias before them.
 */
export function fuseLinearInputGradient(graph: Graph): Graph {
  return rewriteAll(graph, (analysis, index) => {
    const each = analysis.graph.instructions[index];
    if (isOp(each, 'matmul')) return fromMatmul(analysis, index, each);
    if (!isOp(each, 'linearInputGradient') || each.args.biasGrad !== null) return null;
    return withNext(analysis, index, each.args) ?? withBias(analysis, index, each.args);
  });
}

function fromMatmul(analysis: Analysis, index: number, { args }: InstructionOf<'matmul'>): Graph | null {
  const { a: grad, b: weight, out, m: rows, n: inFeatures, k: outFeatures } = args;
  if (args.batch !== 1 || args.transA || args.transB) return null;
  if (!isWeight(analysis, weight, inFeatures, outFeatures)) return null;
  const sizes = { rows, inFeatures, outFeatures, packed: false };
  const made = instruction('linearInputGradient', { grad, weight, out, biasGrad: null, ...sizes, ...noPostOp });
  return fuse(analysis, [index], made);
}

/** Whether a linear multiplies with it: another product gains nothing by the op. */
function isWeight(analysis: Analysis, value: ValueId, inFeatures: number, outFeatures: number): boolean {
  return analysis.readers(value).some((reader) => {
    const each = analysis.graph.instructions[reader];
    if (!isOp(each, 'linear')) return false;
    const { args } = each;
    const same = analysis.aliasClass(args.weight) === analysis.aliasClass(value);
    return same && args.inFeatures === inFeatures && args.outFeatures === outFeatures;
  });
}

function withNext(analysis: Analysis, index: number, args: InstructionArgs<'linearInputGradient'>): Graph | null {
  return fuseNext(analysis, index, args, [1, args.rows, args.inFeatures], (postOp) =>
    instruction('linearInputGradient', { ...args, ...postOp }),
  );
}

function withBias(analysis: Analysis, index: number, args: InstructionArgs<'linearInputGradient'>): Graph | null {
  const written = [args.out, ...args.outputs];
  for (const [i, gradient] of written.entries()) {
    const bias = biasGradientOf(analysis, index, gradient, args.inFeatures);
    if (bias === null) continue;
    const ordered = i === 0 ? args : { ...args, ...withFirst(args, i) };
    const fused = instruction('linearInputGradient', { ...ordered, biasGrad: bias.out });
    const result = fuse(analysis, [index, bias.reader], fused);
    if (result !== null) return result;
  }
  return null;
}

/** The same post-op with another of its outputs as the first, which is the one that is summed. */
function withFirst({ program, out, outputs }: InstructionArgs<'linearInputGradient'>, i: number): Partial<PostOp> {
  const moved = <T>(list: readonly T[]): [T, ...T[]] => [list[i]!, ...list.filter((_, j) => j !== i)];
  const [first, ...rest] = moved([out, ...outputs]);
  return { program: intern({ ...program!, outputs: moved(program!.outputs) }), out: first, outputs: rest };
}
