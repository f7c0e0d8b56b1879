/** The instructions of traces at several batch sizes, side by side. */
import { accessesOf } from '../compile/passes/instruction.js';
import { StateError } from '../errors.js';
import type { GraphScalar, Instruction, ValueId } from '../ops/graph.js';
import type { DType, OpName, signatures } from '../ops/ops.js';
import type { PointwiseProgram } from '../ops/pointwise-program.js';
import type { Quantity } from './quantity.js';
import type { Trace } from './trace.js';

type ArgName<Name extends OpName> = keyof (typeof signatures)[Name] & string;

/** One op, with its sizes at each batch size. */
export class Call<Name extends OpName = OpName> {
  readonly op: Name;
  /** The name of the module that does it. */
  readonly place: string;
  readonly #each: readonly Instruction[];

  constructor(op: Name, place: string, each: readonly Instruction[]) {
    this.op = op;
    this.place = place;
    this.#each = each;
  }

  /** A size, an int or a scalar. */
  number(name: ArgName<Name>): Quantity {
    return this.#each.map(({ args }) => args[name] as number);
  }

  flag(name: ArgName<Name>): boolean {
    return this.#each[0]!.args[name] as boolean;
  }

  memory(name: ArgName<Name>): ValueId {
    return this.#each[0]!.args[name] as ValueId;
  }

  optionalMemory(name: ArgName<Name>): ValueId | null {
    return this.#each[0]!.args[name] as ValueId | null;
  }

  memories(name: ArgName<Name>): readonly ValueId[] {
    return this.#each[0]!.args[name] as readonly ValueId[];
  }

  program(name: ArgName<Name>): PointwiseProgram | null {
    return this.#each[0]!.args[name] as PointwiseProgram | null;
  }

  /** Numbers behind each other; null where one is read at each run. */
  scalars(name: ArgName<Name>): (Quantity | null)[] {
    const lists = this.#each.map(({ args }) => args[name] as readonly GraphScalar[]);
    return lists[0]!.map((_, i) => {
      const values = lists.map((list) => list[i]!);
      return values.every((value) => typeof value === 'number') ? values : null;
    });
  }

  /** Numbers that are no sizes and strides, by their places: the geometry of a convolution, say. */
  numbers(name: ArgName<Name>): Quantity[] {
    const lists = this.#each.map(({ args }) => args[name] as Float64Array);
    return Array.from(lists[0]!, (_, i) => lists.map((list) => list[i]!));
  }

  /** A list of numbers at each batch size. */
  layouts(name: ArgName<Name>): Float64Array[] {
    return this.#each.map(({ args }) => args[name] as Float64Array);
  }

  /** The sizes of a layout, and the strides of each of its operands. */
  layout(name: ArgName<Name>, operands: number): { sizes: Quantity[]; strides: Quantity[][] } {
    const layouts = this.#each.map(({ args }) => args[name] as Float64Array);
    const rank = layouts[0]!.length / (1 + operands);
    const part = (index: number): Quantity[] =>
      Array.from({ length: rank }, (_, dim) => layouts.map((layout) => layout[index * rank + dim]!));
    return { sizes: part(0), strides: Array.from({ length: operands }, (_, i) => part(1 + i)) };
  }
}

/** A memory, with its length at each batch size. */
export interface JoinedMemory {
  readonly dtype: DType;
  readonly length: Quantity;
  /** The same memory in each trace. */
  readonly each: readonly Trace['tracer']['values'][number][];
}

export interface Joined {
  readonly calls: readonly Call[];
  readonly memories: readonly JoinedMemory[];
}

/** Puts traces side by side. @throws StateError unless they do the same. */
export function join(place: string, traces: readonly Trace[]): Joined {
  const [first] = traces as [Trace];
  const others = traces.slice(1);
  const { instructions, values: memories } = first.tracer;
  for (const { tracer } of others) {
    const at = differenceOf(instructions, tracer.instructions);
    if (at === null && memories.length === tracer.values.length) continue;
    const name = first.tracer.placeOf(at ?? instructions.length);
    throw new StateError(
      `${place}: the model does not do the same at every batch size (they differ ${name === '' ? 'in its own forward' : `in '${name}'`}); ` +
        'export with dynamicBatch: false',
    );
  }
  return {
    calls: instructions.map(
      ({ op }, i) =>
        new Call(
          op,
          first.tracer.placeOf(i),
          traces.map(({ tracer }) => tracer.instructions[i]!),
        ),
    ),
    memories: memories.map(({ dtype }, number) => {
      const each = traces.map(({ tracer }) => tracer.values[number]!);
      return { dtype, length: each.map(({ length }) => length), each };
    }),
  };
}

/** The first instruction in which two lists differ in more than sizes; null when there is none. */
function differenceOf(a: readonly Instruction[], b: readonly Instruction[]): number | null {
  const at = a.findIndex((each, i) => b[i] === undefined || !doesTheSame(each, b[i]));
  if (at >= 0) return at;
  return a.length === b.length ? null : a.length;
}

function doesTheSame(a: Instruction, b: Instruction): boolean {
  if (a.op !== b.op) return false;
  const [memories, others] = [accessesOf(a), accessesOf(b)];
  if (memories.length !== others.length || memories.some(({ value }, i) => value !== others[i]!.value)) return false;
  return Object.entries(a.args).every(([name, value]) => {
    const other = b.args[name];
    if (typeof value === 'number' || value === null || typeof value === 'boolean')
      return typeof value === typeof other && (typeof value === 'number' || value === other);
    // Programs that are equal are one object; of layouts and lists the rank counts.
    if ('code' in value) return value === other;
    return (value as ArrayLike<unknown>).length === (other as ArrayLike<unknown> | null)?.length;
  });
}
