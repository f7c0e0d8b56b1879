/** Runs a case of an op as a program of one instruction. */
import { expect } from 'vitest';
import type { DeviceBuffer, Instruction, ProgramFactory, ValueSpec } from '../../src/ops/graph.js';
import { type DType, type HostArray, traits } from '../../src/ops/ops.js';
import { firstDifference } from '../helpers/compare.js';
import type { Case, Fresh, Placement } from './cases/case.js';
import type { Results } from './harness.js';
import { argumentOf, bind, isFresh, isWritten, type Slot, slotsOf, valuesOf } from './slots.js';

export interface ProgramOptions {
  /** Everything in buffers; else inputs and outputs are bound at the run. Default false. */
  readonly inBuffers?: boolean;
  /** Weights in panels, of ops that have the flag `packed`. Default false. */
  readonly packed?: boolean;
  /** Write outputs over these inputs. */
  readonly inPlace?: Placement;
}

const constructors = { float32: Float32Array, float64: Float64Array, int32: Int32Array } as const;
const dtypeOf = (array: HostArray): DType => (array instanceof Int32Array ? 'int32' : 'float32');

/** What a memory holds before the run: values, or NaN and the like where it is only written. */
function initial({ role, value }: Slot): HostArray {
  if (role === 'indexOut' || role === 'indexOut?') return new Int32Array(value as number).fill(-77);
  if (role === 'anyOut') return new constructors[(value as Fresh).dtype]((value as Fresh).length).fill(-77);
  if (isFresh(role)) return new Float32Array(value as number).fill(Number.NaN);
  return (value as Float32Array | Int32Array).slice();
}

function expectUnchanged(array: HostArray, before: HostArray): void {
  const at = firstDifference(array, before);
  if (at >= 0) expect.fail(`changed an input at ${at} from ${before[at]} to ${array[at]}`);
}

/** A value of the graph, and how its numbers are read after the run. */
interface Located {
  readonly id: number;
  readonly before: HostArray;
  readonly read: () => HostArray;
}

/** What the case's op leaves in the memory that it writes, by its name. Throws what the run throws. */
export function runAsProgram(factory: ProgramFactory, testCase: Case, options: ProgramOptions = {}): Results {
  const values = valuesOf(testCase);
  const placement: Placement = { ...testCase.over, ...options.inPlace };
  const overwritten = new Set(Object.values(placement));
  const packed = options.packed === true ? traits[testCase.op].packable! : [];
  const panels = { out: values.outFeatures as number, in: values.inFeatures as number };
  const specs: ValueSpec[] = [];
  const buffers: DeviceBuffer[] = [];
  const bound: Record<'input' | 'output', HostArray[]> = { input: [], output: [] };
  const dynamicScalars: number[] = [];

  const place = (slot: Slot): Located => {
    const { name, role } = slot;
    const array = initial(slot);
    const { length } = array;
    // One number for all elements of a weight has no panels.
    const isPacked = packed.includes(argumentOf(slot)) && length === panels.out * panels.in;
    const isState = options.inBuffers === true || /inout/i.test(role) || isPacked || overwritten.has(name);
    const kind = isState ? 'state' : isWritten(role) ? 'output' : 'input';
    const index = (kind === 'state' ? buffers : bound[kind]).length;
    const id = specs.push({ dtype: dtypeOf(array), length, kind, index, panels: isPacked ? panels : null }) - 1;
    const before = array.slice();
    if (kind !== 'state') {
      bound[kind].push(array);
      return { id, before, read: () => array };
    }
    const buffer = factory.createBuffer(dtypeOf(array), length);
    buffer.copyIn(array);
    buffers.push(buffer);
    const read = (): HostArray => {
      const copy = array.slice();
      buffer.copyOut(copy);
      return copy;
    };
    return { id, before, read };
  };

  const slots = slotsOf(testCase, values);
  const placed = new Map<string, Located>();
  for (const slot of slots) if (placement[slot.name] === undefined) placed.set(slot.name, place(slot));
  for (const [output, input] of Object.entries(placement)) placed.set(output, placed.get(input)!);
  const args = bind(testCase, values, {
    memory: (name) => placed.get(name)!.id,
    scalar: (value, isDynamic) => (isDynamic ? { dynamic: dynamicScalars.push(value) - 1 } : value),
  }) as Record<string, Instruction['args'][string]>;
  if (options.packed === true) args.packed = true;

  const graph = {
    values: specs,
    instructions: [{ op: testCase.op, args }],
    arena: 0,
    dynamicScalars: dynamicScalars.length,
    keySources: 0,
  };
  const program = factory.createProgram(graph, buffers);
  program.run({
    inputs: bound.input,
    outputs: bound.output,
    dynamicScalars: Float64Array.from(dynamicScalars),
    keys: new Uint32Array(0),
  });
  program.dispose();

  const results: Record<string, HostArray> = {};
  for (const { name, role } of slots) {
    const { read, before } = placed.get(name)!;
    if (isWritten(role)) results[name] = read();
    else if (!overwritten.has(name)) expectUnchanged(read(), before);
  }
  for (const buffer of buffers) buffer.free();
  return results;
}
