/** Instructions with the types of their op: how passes read and make them. */
import type { Instruction, ListedScalar, ListedValue, MemoryId } from '../../ops/listing.js';
import { type Layout, type OpName, type Role, type Signature, signatures } from '../../ops/ops.js';
import type { PointwiseProgram } from '../../ops/pointwise-program.js';

/** What an argument of this role is in an instruction. */
type Listed<R extends Role> = R extends 'program'
  ? PointwiseProgram
  : R extends 'program?'
    ? PointwiseProgram | null
    : R extends 'ins' | 'outs' | 'indexes'
      ? readonly MemoryId[]
      : R extends 'scalars'
        ? readonly ListedScalar[]
        : R extends 'flag'
          ? boolean
          : R extends 'layout'
            ? Layout
            : R extends `${string}?`
              ? MemoryId | null
              : number;

/** The arguments of an op as an {@link Instruction} holds them. */
export type ListedArgs<Name extends OpName> = {
  readonly [Arg in keyof (typeof signatures)[Name]]: (typeof signatures)[Name][Arg] extends infer R extends Role
    ? Listed<R>
    : never;
};

/** An instruction whose op is known. */
export interface InstructionOf<Name extends OpName> extends Instruction {
  readonly op: Name;
  readonly args: ListedArgs<Name> & Instruction['args'];
}

/** Makes an instruction: the compiler knows what its op takes. */
export function instruction<Name extends OpName>(op: Name, args: ListedArgs<Name>): Instruction {
  return { op, args: args as Instruction['args'] };
}

/** Whether an instruction is a call of this op; its arguments have their types then. */
export function isOp<Name extends OpName>(of: Instruction | undefined, op: Name): of is InstructionOf<Name> {
  return of?.op === op;
}

const reads: ReadonlySet<Role> = new Set<Role>([
  ...(['in', 'in?', 'index', 'any', 'ins', 'indexes'] as const),
  ...(['inout', 'indexInout?', 'anyInout'] as const),
]);
const writes: ReadonlySet<Role> = new Set<Role>([
  ...(['out', 'out?', 'indexOut', 'indexOut?', 'anyOut', 'outs'] as const),
  ...(['inout', 'indexInout?', 'anyInout'] as const),
]);

/** One memory that an instruction names. */
export interface Access {
  readonly arg: string;
  readonly memory: MemoryId;
  readonly reads: boolean;
  readonly writes: boolean;
}

type MemoryArgument = Omit<Access, 'memory'>;

/** The arguments of an op that may name a memory, by the op: passes ask for them thousands of times. */
const memoryArguments = new Map<string, readonly MemoryArgument[]>();

function memoryArgumentsOf(op: OpName): readonly MemoryArgument[] {
  let found = memoryArguments.get(op);
  if (found === undefined) {
    const signature: Signature = signatures[op];
    found = Object.entries(signature)
      .map(([arg, role]) => ({ arg, reads: reads.has(role), writes: writes.has(role) }))
      .filter((each) => each.reads || each.writes);
    memoryArguments.set(op, found);
  }
  return found;
}

/** The memories that an instruction names, in the order of the op's signature. */
export function accessesOf({ op, args }: Instruction): Access[] {
  const found: Access[] = [];
  for (const { arg, reads, writes } of memoryArgumentsOf(op)) {
    const value = args[arg]!;
    if (typeof value === 'number') found.push({ arg, memory: value, reads, writes });
    else for (const memory of (value ?? []) as readonly MemoryId[]) found.push({ arg, memory, reads, writes });
  }
  return found;
}

/** The instruction with other memories in the place of those that it names. */
export function withMemories(
  each: Instruction,
  replace: (memory: MemoryId, direction: Pick<Access, 'reads' | 'writes'>) => MemoryId,
): Instruction {
  const args: Record<string, ListedValue> = { ...each.args };
  const signature: Signature = signatures[each.op];
  for (const [arg, role] of Object.entries(signature)) {
    const direction = { reads: reads.has(role), writes: writes.has(role) };
    if (!direction.reads && !direction.writes) continue;
    const value = args[arg]!;
    if (typeof value === 'number') args[arg] = replace(value, direction);
    else if (value !== null) args[arg] = (value as readonly MemoryId[]).map((memory) => replace(memory, direction));
  }
  return { ...each, args };
}

/** Whether a `copy` writes all of a memory of `length` elements, in order: then nothing of what was there is left. */
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
