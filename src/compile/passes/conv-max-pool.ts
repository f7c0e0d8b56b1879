import { decodeGeometry } from '../../ops/convolution.js';
import type { Graph } from '../../ops/graph.js';
import type { Layout } from '../../ops/ops.js';
import { type Analysis, fuse, rewriteAll } from './analysis.js';
import { ofGeometry, ofWindows, sameImages } from './image-operands.js';
import { type InstructionOf, instruction, isOp } from './instruction.js';
import { noPostOp } from './post-op.js';

/**
 * A convolution of more than one image with its post-op and the max pool that alone reads it, as one: what lies between is made an image at a time and never
 * kept. And the other way: the gradient of the pool, which only the gradients of the convolution read, is spread out an image at a time.
 */
export function fuseConvMaxPool(graph: Graph): Graph {
  return rewriteAll(graph, (analysis, index) => {
    const each = analysis.graph.instructions[index];
    if (isOp(each, 'conv')) return withPool(analysis, index, each);
    return isOp(each, 'maxPoolBackward') ? withConv(analysis, index, each) : null;
  });
}

function withPool(analysis: Analysis, index: number, { args: conv }: InstructionOf<'conv'>): Graph | null {
  // Threads share images, not parts of one.
  if (decodeGeometry(conv.geometry).batch < 2) return null;
  const reader = analysis.soleReader(conv.out);
  const pool = reader === null ? undefined : analysis.graph.instructions[reader];
  if (reader === null || analysis.definition(conv.out) !== index || !isOp(pool, 'maxPool')) return null;
  const { out, index: where, windows, outChannelsLast } = pool.args;
  if (!isPoolOf(windows, conv.geometry)) return null;
  const { outChannelsLast: _, ...rest } = conv;
  return fuse(
    analysis,
    [index, reader],
    instruction('convMaxPool', { ...rest, out, index: where, windows, outChannelsLast }),
  );
}

function withConv(analysis: Analysis, index: number, { args: pool }: InstructionOf<'maxPoolBackward'>): Graph | null {
  if (analysis.definition(pool.out) !== index) return null;
  const readers = analysis.readers(pool.out);
  const found = readers.map((reader) => analysis.graph.instructions[reader]);
  const weights = found.find((each) => isOp(each, 'convWeightGradient'));
  const inputs = found.find((each) => isOp(each, 'convInputGradient'));
  if (!isOp(weights, 'convWeightGradient') || found.length !== (inputs === undefined ? 1 : 2)) return null;
  const isGradient = (each: { readonly grad: number }) =>
    analysis.aliasClass(each.grad) === analysis.aliasClass(pool.out);
  const { grad, gradChannelsLast, index: where, windows } = pool;
  const { x, out: weightGrad, biasGrad, geometry, xChannelsLast } = weights.args;
  if (!isPoolOf(windows, geometry)) return null;
  const shared = { grad, index: where, x, weightGrad, biasGrad, geometry, windows, gradChannelsLast, xChannelsLast };
  if (!isGradient(weights.args) || analysis.aliasClass(x) === analysis.aliasClass(pool.out)) return null;
  if (!isOp(inputs, 'convInputGradient')) {
    const none = { weight: null, out: null, outChannelsLast: true, ...noPostOp };
    return fuse(analysis, [index, ...readers], instruction('convMaxPoolBackward', { ...shared, ...none }));
  }
  const { grad: of, gradChannelsLast: _, bias, geometry: same, ...rest } = inputs.args;
  const fits = isGradient({ grad: of }) && bias === null && geometry.every((number, i) => number === same[i]);
  if (!fits || geometry.length !== same.length) return null;
  return fuse(analysis, [index, ...readers], instruction('convMaxPoolBackward', { ...shared, ...rest }));
}

/** Whether a pool takes the images that a convolution gives: the same memory may be seen as others. */
function isPoolOf(windows: Layout, geometry: Layout): boolean {
  return sameImages(ofWindows(windows).inputs, ofGeometry(geometry).outputs);
}
