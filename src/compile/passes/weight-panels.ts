import type { Graph, Instruction, ValueId } from '../../ops/graph.js';
import { traits } from '../../ops/ops.js';
import { Analysis } from './analysis.js';
import { accessesOf } from './instruction.js';

type Shape = { readonly out: number; readonly in: number };

/**
 * Lays weights out in panels, as the backend's matrix product reads them: state that is only named by ops which can take it
 * so. The optimizer's state of a weight lies as the weight does, so that its step goes element by element: all or none.
 */
export function layOutWeightPanels(graph: Graph): Graph {
  const analysis = new Analysis(graph);
  const shapes = candidates(analysis);
  // An op takes all its packable memory in panels or none: one that cannot be takes the others with it.
  for (let changed = true; changed; ) {
    changed = false;
    for (const each of graph.instructions) {
      const group = packableOf(analysis, each);
      if (group.every((aliasClass) => shapes.has(aliasClass))) continue;
      for (const aliasClass of group) changed = shapes.delete(aliasClass) || changed;
    }
  }
  if (shapes.size === 0) return graph;
  const values = graph.values.map((spec, value) => ({
    ...spec,
    panels: shapes.get(analysis.aliasClass(value)) ?? spec.panels,
  }));
  const instructions = graph.instructions.map((each) => {
    const packed = packableOf(analysis, each).some((aliasClass) => shapes.has(aliasClass));
    return packed ? { ...each, args: { ...each.args, packed } } : each;
  });
  return { ...graph, values, instructions };
}

const isPackable = ({ op }: Instruction, arg: string): boolean => traits[op].packable?.includes(arg) ?? false;

/** Whether an op reads one number there for all of a weight: it lies as it does, whatever the weight does. */
function isNumber(analysis: Analysis, { args }: Instruction, value: ValueId): boolean {
  return analysis.spec(value).length === 1 && Number(args.outFeatures) * Number(args.inFeatures) !== 1;
}

function packableOf(analysis: Analysis, each: Instruction): ValueId[] {
  return accessesOf(each).flatMap(({ arg, value }) =>
    isPackable(each, arg) && !isNumber(analysis, each, value) ? [analysis.aliasClass(value)] : [],
  );
}

/** float32 state, by its alias class, that every instruction names in a packable argument, all as a matrix of one shape. */
function candidates(analysis: Analysis): Map<ValueId, Shape> {
  const found = new Map<ValueId, Shape>();
  const refused = new Set<ValueId>();
  for (const each of analysis.graph.instructions) {
    const shape = { out: Number(each.args.outFeatures), in: Number(each.args.inFeatures) };
    for (const { arg, value } of accessesOf(each)) {
      const aliasClass = analysis.aliasClass(value);
      const { kind, dtype, length } = analysis.spec(value);
      const known = found.get(aliasClass) ?? shape;
      const fits = kind === 'state' && dtype === 'float32' && length > 0 && length === shape.out * shape.in;
      if (!isPackable(each, arg) || !fits || known.out !== shape.out) refused.add(aliasClass);
      else found.set(aliasClass, known);
    }
  }
  for (const aliasClass of refused) found.delete(aliasClass);
  return found;
}
