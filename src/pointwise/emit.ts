/** From expressions to a program, and back. */
import { encode, type PointwiseInstruction, type PointwiseProgram, type ValueId } from '../ops/pointwise-program.js';
import { type Expression, type ExpressionGraph, postorder } from './expression.js';

/** A program, and which inputs, scalars and keys of the graph are its own, in its order. */
export interface Emitted {
  readonly program: PointwiseProgram;
  readonly inputs: readonly number[];
  readonly scalars: readonly number[];
  readonly keys: readonly number[];
}

/** Equal programs are one object for as long as anything uses it, so that passes and caches compare by identity. */
const interned = new Map<string, WeakRef<PointwiseProgram>>();
const collected = new FinalizationRegistry<string>((key) => {
  // An equal program may have been made since.
  if (interned.get(key)?.deref() === undefined) interned.delete(key);
});

/** How many programs are known. For tests. @internal */
export const internedCount = (): number => interned.size;

/** How many inputs and scalars a program takes, used or not. */
export interface Arity {
  readonly inputs?: number;
  readonly scalars?: number;
}

/**
 * Instructions come in the order of the expressions, so equal expressions give equal programs.
 * @param arity left out: the inputs and scalars that are used.
 */
export function emit(outputs: readonly Expression[], arity: Arity = {}): Emitted {
  const reached = postorder(outputs);
  const indices = (kind: 'input' | 'scalar', count: number | undefined) =>
    count !== undefined
      ? Array.from({ length: count }, (_, i) => i)
      : reached.flatMap(({ of }) => (of.kind === kind ? [of.index] : [])).sort((a, b) => a - b);
  const inputs = indices('input', arity.inputs);
  const scalars = indices('scalar', arity.scalars);
  const keys = [...new Set(reached.flatMap(({ of }) => (of.kind === 'mask' ? [of.key] : [])))].sort((a, b) => a - b);
  const constants = reached.flatMap(({ of }) => (of.kind === 'constant' ? [of.value] : []));
  const numbers = new Map<Expression, ValueId>();
  let constant = inputs.length + scalars.length;
  for (const each of reached) {
    if (each.of.kind === 'input') numbers.set(each, inputs.indexOf(each.of.index));
    if (each.of.kind === 'scalar') numbers.set(each, inputs.length + scalars.indexOf(each.of.index));
    if (each.of.kind === 'constant') numbers.set(each, constant++);
  }
  const instructions: PointwiseInstruction[] = [];
  for (const each of reached) {
    const { of } = each;
    if (of.kind === 'node')
      instructions.push({ node: of.node, operands: of.operands.map((operand) => numbers.get(operand)!) });
    else if (of.kind === 'mask') instructions.push({ node: 'mask', key: keys.indexOf(of.key), p: numbers.get(of.p)! });
    else continue;
    numbers.set(each, constant + instructions.length - 1);
  }
  const parts = {
    inputs: inputs.length,
    keys: keys.length,
    scalars: scalars.length,
    constants,
    instructions,
    outputs: outputs.map((output) => numbers.get(output)!),
  };
  return { program: intern(parts), inputs, scalars, keys };
}

/** The one program that is equal to this one. */
export function intern(parts: Omit<PointwiseProgram, 'code'>): PointwiseProgram {
  const code = encode(parts);
  const key = Array.from(code, (value) => (Object.is(value, -0) ? '-0' : String(value))).join(' ');
  const known = interned.get(key)?.deref();
  if (known !== undefined) return known;
  const program = Object.freeze({ ...parts, code });
  interned.set(key, new WeakRef(program));
  collected.register(program, key);
  return program;
}

/** Writes a program's results as expressions of what stands for its inputs, scalars and keys. */
export function inline(
  program: PointwiseProgram,
  graph: ExpressionGraph,
  given: {
    readonly inputs: readonly Expression[];
    readonly scalars: readonly Expression[];
    readonly keys: readonly number[];
  },
): Expression[] {
  const values = [...given.inputs, ...given.scalars, ...program.constants.map((value) => graph.constant(value))];
  for (const each of program.instructions)
    values.push(
      each.node === 'mask'
        ? graph.mask(given.keys[each.key]!, values[each.p]!)
        : graph.apply(each.node, ...each.operands.map((operand) => values[operand]!)),
    );
  return program.outputs.map((output) => values[output]!);
}
