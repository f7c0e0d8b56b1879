/** The native backends: every op of the contract marshalled by its signature to the addon's function of that name. */
import { ArgumentError, BackendError } from '../errors.js';
import { hostOps } from './host.js';
import type { NativeFunction, NativeValue } from './load.js';
import { type Cell, type HostArray, type Memory, type Ops, signatures } from './ops.js';

type HostOp = keyof typeof hostOps;
type NativeOp = Exclude<keyof Ops, HostOp>;
/** The roles that arguments of native ops have. */
type NativeRole = { [Name in NativeOp]: (typeof signatures)[Name][keyof (typeof signatures)[Name]] }[NativeOp];

/** The arguments of any op, by name. */
type Args = Readonly<Record<string, unknown>>;
type Reader = (value: unknown) => NativeValue;

function refuseFloat64(memory: Memory): void {
  if (memory.dtype === 'float64')
    throw new BackendError("float64 tensors need the reference backend; call backend.use('reference')");
}

function readMemory(value: unknown): HostArray {
  const memory = value as Memory;
  refuseFloat64(memory);
  return memory.read();
}

function writeMemory(value: unknown): HostArray {
  const memory = value as Memory;
  refuseFloat64(memory);
  return memory.write();
}

const optional =
  (reader: Reader): Reader =>
  (value) =>
    value === null ? null : reader(value);

const plain: Reader = (value) => value as NativeValue;

/** From the argument of a role to what crosses. */
const readers: Readonly<Record<NativeRole, Reader>> = {
  in: readMemory,
  'in?': optional(readMemory),
  out: writeMemory,
  inout: writeMemory,
  'inout?': optional(writeMemory),
  index: readMemory,
  indexOut: writeMemory,
  indexInout: writeMemory,
  'indexInout?': optional(writeMemory),
  any: readMemory,
  anyOut: writeMemory,
  anyInout: writeMemory,
  layout: plain,
  size: plain,
  scalar: plain,
  int: plain,
  flag: plain,
  cell: (value) => (value as Cell).value,
};

/** What the addon refuses, sizes and indices out of range, is the caller's argument. */
function rethrow(error: unknown): never {
  if (error instanceof RangeError || error instanceof TypeError)
    throw new ArgumentError(error.message, { cause: error });
  throw error;
}

function createOp(call: NativeFunction, signature: Readonly<Record<string, NativeRole>>): (args: Args) => void {
  const names = Object.keys(signature);
  const count = names.length;
  const read = Object.values(signature).map((role) => readers[role]);
  return (args) => {
    // A fresh array at each call: one that is kept would hold the caller's memory and break under re-entry.
    const values = new Array<NativeValue>(count);
    for (let i = 0; i < count; i++) values[i] = read[i]!(args[names[i]!]);
    try {
      call(...values);
    } catch (error) {
      rethrow(error);
    }
  };
}

const isHostOp = (name: string): name is HostOp => Object.hasOwn(hostOps, name);

/**
 * The ops of one instruction set.
 * @param isa - its name, for messages
 * @param functions - the addon's functions by the names of the ops
 * @throws BackendError when the addon lacks an op: it was built from other sources than this file
 */
export function createNativeOps(isa: string, functions: Readonly<Record<string, NativeFunction>>): Ops {
  const ops: Partial<Record<NativeOp, (args: Args) => void>> = {};
  for (const name of Object.keys(signatures) as (keyof Ops)[]) {
    if (isHostOp(name)) continue;
    const call = functions[name];
    if (typeof call !== 'function')
      throw new BackendError(`native:${isa}: the addon has no op '${name}'; build it again: npm run build`);
    ops[name] = createOp(call, signatures[name]);
  }
  return { ...(ops as Record<NativeOp, (args: Args) => void>), ...hostOps };
}
