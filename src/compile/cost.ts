/** What an instruction costs: arithmetic and memory traffic, from its sizes alone. */
import { countOf } from '../ops/convolution.js';
import type { Instruction, ValueSpec } from '../ops/graph.js';
import { type DType, type Layout, type Signature, signatures, traits } from '../ops/ops.js';
import type { PointwiseProgram } from '../ops/pointwise-program.js';
import { roleTraits } from '../ops/roles.js';
import type { Factor } from '../ops/traits.js';
import { countPositions } from '../ops/windows.js';
import { accessesOf } from './passes/instruction.js';

export interface Cost {
  /** Additions, multiplications, divisions, comparisons, roots and elementary functions; a multiply-add counts as two. */
  readonly flops: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** The cost of one call. Memory is counted once for each argument that names it, as far as the op touches it. */
export function costOf(each: Instruction, values: readonly Pick<ValueSpec, 'dtype' | 'length'>[]): Cost {
  const { flops = [], touches = {} } = traits[each.op];
  let bytesRead = 0;
  let bytesWritten = 0;
  for (const { arg, value, reads, writes, isPartial } of accessesOf(each)) {
    const { dtype, length } = values[value]!;
    const factors = touches[arg];
    const bytes = (factors === undefined ? length : product(each, factors)) * bytesOf(dtype);
    if (reads && !isPartial) bytesRead += bytes;
    if (writes) bytesWritten += bytes;
  }
  return { flops: flops.reduce((total, factors) => total + product(each, factors), 0), bytesRead, bytesWritten };
}

const product = (each: Instruction, factors: readonly Factor[]): number =>
  factors.reduce<number>((result, factor) => result * (typeof factor === 'number' ? factor : count(each, factor)), 1);

/** What an argument counts as in a product. */
function count({ op, args }: Instruction, arg: Exclude<Factor, number>): number {
  if (typeof arg === 'object')
    return 'windows' in arg
      ? countPositions(args[arg.windows] as Layout)
      : countOf(args[arg.geometry] as Layout, arg.count);
  const value = args[arg]!;
  const signature: Signature = signatures[op];
  switch (roleTraits[signature[arg]!].kind) {
    case 'program':
      return (value as PointwiseProgram | null)?.instructions.length ?? 0;
    case 'layout':
      return elements(value as Layout, 1 + operandsOf(signature, args));
    case 'memory':
      return value === null ? 0 : 1;
    default:
      return Number(value);
  }
}

/** The operands whose strides stand in a layout: those of a list, else two. */
const operandsOf = ({ inputs }: Signature, { inputs: values }: Instruction['args']): number =>
  inputs === undefined ? 2 : (values as readonly number[]).length;

const elements = (layout: Layout, parts: number): number =>
  layout.subarray(0, layout.length / parts).reduce((total, size) => total * size, 1);

const bytesOf = (dtype: DType): number => (dtype === 'float64' ? 8 : 4);
