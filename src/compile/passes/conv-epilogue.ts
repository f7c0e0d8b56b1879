import { decodeGeometry, pixelsOf } from '../../ops/convolution.js';
import type { Graph } from '../../ops/graph.js';
import type { MatrixSizes } from '../../ops/matrix-operands.js';
import type { Layout } from '../../ops/ops.js';
import { rewriteAll } from './analysis.js';
import { instruction, isOp } from './instruction.js';
import { fuseNext } from './post-op.js';

/**
 * A convolution, or the gradient of its input, whose result lies channels last, and the pointwise instructions that follow it: activation, dropout of
 * feature maps (a row for each image), normalisation by running statistics (a row), residual sum. What others read is written, too. Gradients come first:
 * a gradient that could follow either product has its operands later.
 */
export function fuseConvEpilogue(graph: Graph): Graph {
  return fuseForward(fuseInputGradient(graph));
}

function fuseInputGradient(graph: Graph): Graph {
  return rewriteAll(graph, (analysis, index) => {
    const each = analysis.graph.instructions[index];
    if (!isOp(each, 'convInputGradient') || !each.args.outChannelsLast) return null;
    const { args } = each;
    return fuseNext(analysis, index, args, sizesOf(args.geometry).inputs, (postOp) =>
      instruction('convInputGradient', { ...args, ...postOp }),
    );
  });
}

function fuseForward(graph: Graph): Graph {
  return rewriteAll(graph, (analysis, index) => {
    const each = analysis.graph.instructions[index];
    if (!isOp(each, 'conv') || !each.args.outChannelsLast) return null;
    const { args } = each;
    return fuseNext(analysis, index, args, sizesOf(args.geometry).outputs, (postOp) =>
      instruction('conv', { ...args, ...postOp }),
    );
  });
}

/** The images in front of a convolution and behind it, as matrices. */
export function sizesOf(layout: Layout): { readonly inputs: MatrixSizes; readonly outputs: MatrixSizes } {
  const geometry = decodeGeometry(layout);
  const { inputs, outputs } = pixelsOf(geometry);
  return {
    inputs: [geometry.batch, inputs, geometry.channels],
    outputs: [geometry.batch, outputs, geometry.outChannels],
  };
}
