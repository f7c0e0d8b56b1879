/** Instructions with the types of their op: how passes read and make them. */
import type { Argument, GraphScalar, Instruction, ValueId } from '../../ops/graph.js';
import { type Layout, type OpName, type Role, type Signature, signatures } from '../../ops/ops.js';
import type { PointwiseProgram } from '../../ops/pointwise-program.js';
import { roleTraits } from '../../ops/roles.js';

/** What an argument of this role is in an instruction. */
type ArgumentType<R extends Role> = R extends 'program'
  ? PointwiseProgram
  : R extends 'program?'
    ? PointwiseProgram | null
    : R extends 'ins' | 'outs' | 'inouts' | 'indexes'
      ? readonly ValueId[]
      : R extends 'scalar'
        ? GraphScalar
        : R extends 'scalars'
          ? readonly GraphScalar[]
          : R extends 'flag'
            ? boolean
            : R extends 'layout'
              ? Layout
              : R extends `${string}?`
                ? ValueId | null
                : number;

/** The arguments of an op as an {@link Instruction} holds them. */
export type InstructionArgs<Name extends OpName> = {
  readonly [Arg in keyof (typeof signatures)[Name]]: (typeof signatures)[Name][Arg] extends infer R extends Role
    ? ArgumentType<R>
    : never;
};

/** An instruction whose op is known. */
export interface InstructionOf<Name extends OpName> extends Instruction {
  readonly op: Name;
  readonly args: InstructionArgs<Name> & Instruction['args'];
}

/** Makes an instruction: the compiler knows what its op takes. */
export function instruction<Name extends OpName>(op: Name, args: InstructionArgs<Name>): Instruction {
  return { op, args: args as Instruction['args'] };
}

/** Whether an instruction is a call of this op; its arguments have their types then. */
export function isOp<Name extends OpName>(of: Instruction | undefined, op: Name): of is InstructionOf<Name> {
  return of?.op === op;
}

/** One value that an instruction names. */
export interface Access {
  readonly arg: string;
  readonly value: ValueId;
  readonly reads: boolean;
  readonly writes: boolean;
  /** Whether it only writes, and the rest of the memory stays: `reads` then says that what was there matters. */
  readonly isPartial: boolean;
}

type ValueArgument = Omit<Access, 'value'>;

/** The arguments of an op that may name a value, by the op: passes ask for them thousands of times. */
const valueArguments = new Map<string, readonly ValueArgument[]>();

function valueArgumentsOf(op: OpName): readonly ValueArgument[] {
  let found = valueArguments.get(op);
  if (found === undefined) {
    const signature: Signature = signatures[op];
    found = Object.entries(signature)
      .map(([arg, role]) => ({ arg, ...roleTraits[role] }))
      .filter(({ reads, writes }) => reads || writes)
      .map(({ arg, reads, writes, isPartial }) => ({ arg, reads, writes, isPartial }));
    valueArguments.set(op, found);
  }
  return found;
}

/** The values that an instruction names, in the order of the op's signature. */
export function accessesOf({ op, args }: Instruction): Access[] {
  const found: Access[] = [];
  for (const { arg, reads, writes, isPartial } of valueArgumentsOf(op)) {
    const argument = args[arg]!;
    if (typeof argument === 'number') found.push({ arg, value: argument, reads, writes, isPartial });
    else
      for (const value of (argument ?? []) as readonly ValueId[]) found.push({ arg, value, reads, writes, isPartial });
  }
  return found;
}

/** The instruction with other values instead of those that it names. */
export function withValues(
  each: Instruction,
  replace: (value: ValueId, direction: Pick<Access, 'reads' | 'writes'>) => ValueId,
): Instruction {
  const args: Record<string, Argument> = { ...each.args };
  for (const { arg, ...direction } of valueArgumentsOf(each.op)) {
    const argument = args[arg]!;
    if (typeof argument === 'number') args[arg] = replace(argument, direction);
    else if (argument !== null) args[arg] = (argument as readonly ValueId[]).map((value) => replace(value, direction));
  }
  return { ...each, args };
}

/** Whether a `copy` writes all of a value of `length` elements, in order: then nothing of what was there is left. */
export function overwrites({ args }: InstructionOf<'copy'>, length: number): boolean {
  const { layout, outOffset } = args;
  const rank = layout.length / 3;
  let stride = 1;
  for (let dim = rank - 1; dim >= 0; dim--) {
    if (layout[dim] !== 1 && layout[2 * rank + dim] !== stride) return false;
    stride *= layout[dim]!;
  }
  return outOffset === 0 && stride === length;
}

/**
 * Whether an instruction writes only over what it reads: the step of an optimizer, which uses a gradient up.
 * @param aliasClass one number for all values that share memory. Default: values are told apart by their ids.
 */
export function isUpdate(
  each: Instruction | undefined,
  aliasClass: (value: ValueId) => ValueId = (value) => value,
): each is InstructionOf<'pointwise'> {
  if (!isOp(each, 'pointwise')) return false;
  const read = new Set(each.args.inputs.map(aliasClass));
  return each.args.outputs.every((value) => read.has(aliasClass(value)));
}
