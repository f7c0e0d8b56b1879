import type { Graph } from '../../ops/graph.js';
import { rewriteAll } from './analysis.js';
import { instruction, isOp } from './instruction.js';
import { fuseNext } from './post-op.js';

/** linear, and the pointwise instructions that follow it: activation, dropout, residual. What others read is written, too. */
export function fuseLinearEpilogue(graph: Graph): Graph {
  return rewriteAll(graph, (analysis, index) => {
    const each = analysis.graph.instructions[index];
    if (!isOp(each, 'linear')) return null;
    const { args } = each;
    return fuseNext(analysis, index, args, [1, args.rows, args.outFeatures], (postOp) =>
      instruction('linear', { ...args, ...postOp }),
    );
  });
}
