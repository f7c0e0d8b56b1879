/** Makes one program of two, the second of which reads what the first computes. */
import type { GraphScalar, ValueId } from '../../ops/graph.js';
import type { PointwiseProgram } from '../../ops/pointwise-program.js';
import { emit, inline } from '../../pointwise/emit.js';
import { type Expression, ExpressionGraph, postorder } from '../../pointwise/expression.js';
import { sameShape } from '../../tensor/shape.js';
import type { Operand } from './operands.js';

/** A program with what it is given. */
export interface Call {
  readonly program: PointwiseProgram;
  readonly operands: readonly Operand[];
  readonly keys: readonly ValueId[];
  /** Without the number of the step. */
  readonly scalars: readonly GraphScalar[];
  readonly outputs: readonly ValueId[];
  /** Whether the program's last scalar is the number of the step. */
  readonly countsSteps: boolean;
}

/** An operand as it is. */
export const identity: PointwiseProgram = emit([new ExpressionGraph().input(0)]).program;

/** Above these a program is not made longer: its values no longer stay in the first-level cache. */
const mostInstructions = 64;
const mostOperands = 16;

/** Operands, scalars and keys of both calls, each once. */
class Merged {
  readonly graph = new ExpressionGraph();
  readonly operands: Operand[] = [];
  readonly scalars: GraphScalar[] = [];
  readonly keys: ValueId[] = [];
  readonly #aliasClass: (value: ValueId) => ValueId;

  constructor(aliasClass: (value: ValueId) => ValueId) {
    this.#aliasClass = aliasClass;
  }

  operand(given: Operand): Expression {
    const isSame = ({ value, strides }: Operand) =>
      this.#aliasClass(value) === this.#aliasClass(given.value) && sameShape(strides, given.strides);
    return this.graph.input(indexOf(this.operands, given, isSame));
  }

  scalar(given: GraphScalar): Expression {
    const isSame = (scalar: GraphScalar) =>
      typeof scalar === 'number' || typeof given === 'number'
        ? Object.is(scalar, given)
        : scalar.dynamic === given.dynamic;
    return this.graph.scalar(indexOf(this.scalars, given, isSame));
  }

  key(given: ValueId): number {
    return indexOf(this.keys, given, (key) => this.#aliasClass(key) === this.#aliasClass(given));
  }
}

function indexOf<T>(list: T[], item: T, isSame: (other: T) => boolean): number {
  const index = list.findIndex(isSame);
  return index >= 0 ? index : list.push(item) - 1;
}

/** Whether it is the same for all elements. */
const isUniform = (value: Expression): boolean =>
  postorder([value]).every(({ of }) => of.kind !== 'input' && of.kind !== 'mask');

/**
 * @param second reads memory that `first` writes, element by element where its operand is in `read`.
 * @param kept what `first` writes and others read, too. Results come after those of `second`.
 * @param fixed how many operands of `first` must stay the program's first, used or not.
 * @returns null when the program would be too long, or would round otherwise than the two: a value that is the same for all elements is in
 * float64 within a program, but a float32 in the memory between them.
 */
export function compose(
  first: Call,
  second: Call,
  read: ReadonlyMap<number, ValueId>,
  kept: readonly ValueId[],
  aliasClass: (value: ValueId) => ValueId,
  fixed = 0,
): Call | null {
  const merged = new Merged(aliasClass);
  const { graph } = merged;
  for (const operand of first.operands.slice(0, fixed)) merged.operands.push(operand);
  const firstResults = inline(first.program, graph, {
    inputs: first.operands.map((operand, i) => (i < fixed ? graph.input(i) : merged.operand(operand))),
    scalars: first.scalars.map((scalar) => merged.scalar(scalar)),
    keys: first.keys.map((key) => merged.key(key)),
  });
  const resultOf = (value: ValueId) =>
    firstResults[first.outputs.findIndex((output) => aliasClass(output) === aliasClass(value))]!;
  // Between two programs a value is rounded to memory's dtype; within one, not where it is the same for all elements.
  if ([...read.values()].some((value) => isUniform(resultOf(value)))) return null;
  const scalars = second.scalars.map((scalar) => merged.scalar(scalar));
  const step = merged.scalars.length;
  const secondResults = inline(second.program, graph, {
    inputs: second.operands.map((operand, i) => (read.has(i) ? resultOf(read.get(i)!) : merged.operand(operand))),
    scalars: second.countsSteps ? [...scalars, graph.scalar(step)] : scalars,
    keys: second.keys.map((key) => merged.key(key)),
  });
  const arity = {
    ...(fixed > 0 ? { inputs: merged.operands.length } : {}),
    ...(second.countsSteps ? { scalars: step + 1 } : {}),
  };
  const emitted = emit([...secondResults, ...kept.map(resultOf)], arity);
  const { program } = emitted;
  if (program.instructions.length > mostInstructions || emitted.inputs.length > mostOperands) return null;
  return {
    program,
    operands: emitted.inputs.map((i) => merged.operands[i]!),
    keys: emitted.keys.map((i) => merged.keys[i]!),
    scalars: emitted.scalars.filter((i) => i < step || !second.countsSteps).map((i) => merged.scalars[i]!),
    outputs: [...second.outputs, ...kept],
    countsSteps: second.countsSteps,
  };
}

/** The operands of `second` that are, element by element, what an instruction writes: by their number. */
export function operandsRead(
  second: Call,
  written: readonly ValueId[],
  isDense: (operand: Operand) => boolean,
  aliasClass: (value: ValueId) => ValueId,
): ReadonlyMap<number, ValueId> | null {
  const found = new Map<number, ValueId>();
  for (const [i, operand] of second.operands.entries()) {
    const value = written.find((output) => aliasClass(output) === aliasClass(operand.value));
    if (value === undefined) continue;
    if (!isDense(operand)) return null;
    found.set(i, value);
  }
  return found;
}
