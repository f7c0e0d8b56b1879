/** The native backends: every op of the contract marshalled by its signature to the addon's function of that name. */
import { BackendError } from '../errors.js';
import { hostOps } from './host.js';
import type { NativeFunction, NativeValue } from './load.js';
import { failure } from './native-programs.js';
import { type Cell, type Memory, type Ops, signatures } from './ops.js';
import type { PointwiseProgram } from './pointwise-program.js';

type HostOp = keyof typeof hostOps;
type NativeOp = Exclude<keyof Ops, HostOp>;
/** The roles that arguments of native ops have. */
type NativeRole = { [Name in NativeOp]: (typeof signatures)[Name][keyof (typeof signatures)[Name]] }[NativeOp];

/** The arguments of any op, by name. */
type Args = Readonly<Record<string, unknown>>;

/** How an argument crosses. */
const kinds = { value: 0, read: 1, write: 2, cell: 3, reads: 4, writes: 5, scalars: 6, program: 7 } as const;
type Kind = (typeof kinds)[keyof typeof kinds];

const kindOf: Readonly<Record<NativeRole, Kind>> = {
  in: kinds.read,
  'in?': kinds.read,
  out: kinds.write,
  'out?': kinds.write,
  inout: kinds.write,
  index: kinds.read,
  indexOut: kinds.write,
  'indexOut?': kinds.write,
  'indexInout?': kinds.write,
  any: kinds.read,
  anyOut: kinds.write,
  anyInout: kinds.write,
  layout: kinds.value,
  size: kinds.value,
  scalar: kinds.value,
  int: kinds.value,
  flag: kinds.value,
  cell: kinds.cell,
  program: kinds.program,
  'program?': kinds.program,
  ins: kinds.reads,
  indexes: kinds.reads,
  outs: kinds.writes,
  scalars: kinds.scalars,
};

/** From an argument to what crosses; null, where the role allows it, stays null. One switch: cheaper than closures. */
function marshal(kind: Kind, value: unknown): NativeValue {
  if (kind === kinds.value || value === null) return value as NativeValue;
  if (kind === kinds.cell) return (value as Cell).value;
  if (kind === kinds.program) return (value as PointwiseProgram).code;
  if (kind === kinds.scalars) return Float64Array.from(value as readonly (number | Cell)[], numberOf);
  if (kind === kinds.reads) return (value as readonly Memory[]).map((memory) => memory.read());
  if (kind === kinds.writes) return (value as readonly Memory[]).map((memory) => memory.write());
  const memory = value as Memory;
  return kind === kinds.read ? memory.read() : memory.write();
}

const numberOf = (scalar: number | Cell): number => (typeof scalar === 'number' ? scalar : scalar.value);

/** Whether any memory of an argument is float64. */
function hasFloat64(kind: Kind, value: unknown): boolean {
  if (kind === kinds.read || kind === kinds.write) return (value as Memory | null)?.dtype === 'float64';
  if (kind === kinds.reads || kind === kinds.writes)
    return (value as readonly Memory[]).some(({ dtype }) => dtype === 'float64');
  return false;
}

/** @param reference - the same op of the reference, which computes when any memory is float64: the addon has none of that */
function createOp(
  call: NativeFunction,
  signature: Readonly<Record<string, NativeRole>>,
  reference: (args: Args) => void,
): (args: Args) => void {
  const names = Object.keys(signature);
  const how = Object.values(signature).map((role) => kindOf[role]);
  const count = names.length;
  return (args) => {
    // A fresh array at each call: one that is kept would hold the caller's memory and break under re-entry.
    const values = new Array<NativeValue>(count);
    for (let i = 0; i < count; i++) {
      const kind = how[i]!;
      const value = args[names[i]!];
      if (hasFloat64(kind, value)) return reference(args);
      values[i] = marshal(kind, value);
    }
    try {
      call(...values);
    } catch (error) {
      throw failure(error);
    }
  };
}

const isHostOp = (name: string): name is HostOp => Object.hasOwn(hostOps, name);

/**
 * The ops of one instruction set.
 * @param isa - its name, for messages
 * @param functions - the addon's functions by the names of the ops
 * @param reference - the ops that compute with float64 memory
 * @throws BackendError when the addon lacks an op: it was built from other sources than this file
 */
export function createNativeOps(isa: string, functions: Readonly<Record<string, NativeFunction>>, reference: Ops): Ops {
  const ops: Partial<Record<NativeOp, (args: Args) => void>> = {};
  for (const name of Object.keys(signatures) as (keyof Ops)[]) {
    if (isHostOp(name)) continue;
    const call = functions[name];
    if (typeof call !== 'function')
      throw new BackendError(`native:${isa}: the addon has no op '${name}'; build it again: npm run build`);
    ops[name] = createOp(call, signatures[name], reference[name] as (args: Args) => void);
  }
  return { ...(ops as Record<NativeOp, (args: Args) => void>), ...hostOps };
}
