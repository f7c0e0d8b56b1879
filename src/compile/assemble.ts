/** From what a tracer has noted to a graph: where each value lives, and where results are to be found. */
import type { Graph, Instruction, ValueSpec } from '../ops/graph.js';
import { Storage } from '../tensor/storage.js';
import { accessesOf, isUpdate } from './passes/instruction.js';
import { copyAll, type TracedValue, type Tracer } from './tracer.js';

/** Where the numbers of a tensor are found after a run: in an argument, in a result of this run, or where they always are. */
export type Location =
  | { readonly kind: 'input' | 'output'; readonly index: number }
  | { readonly kind: 'storage'; readonly storage: Storage };

/** A gradient that is on a leaf at the end. */
export interface ExitGradient {
  readonly storage: Storage;
  /** Whether the function read what was there before. */
  readonly wasGuarded: boolean;
  /** The gradient that it is the counts of rows of: it is kept with that one. Null for a gradient. */
  readonly countsOf: Storage | null;
}

export interface Assembled {
  readonly graph: Graph;
  /** The states by their index. */
  readonly states: readonly Storage[];
  /** Those that a run writes. */
  readonly written: readonly Storage[];
  /** The outputs by their index. */
  readonly outputs: readonly Pick<TracedValue, 'dtype' | 'length'>[];
  /** Where the numbers of a storage that is returned, or is a gradient at the end, are found. */
  locationOf(storage: Storage): Location;
}

const notKept =
  'the gradient was not kept: the compiled function clears it and only its optimizer uses it; ' +
  'return it from the function, or compile(fn, { keepGradients: true })';

/**
 * Makes the graph.
 * @param returned the storages of the tensors that the function returns.
 * @param gradients those that its leaves have at the end. One that the function has made becomes a state, unless it is returned
 * as well; or unless the function cleared what was there, and only an optimizer reads its last numbers: then it is not kept, and storages
 * say so when they are read.
 */
export function assemble(
  tracer: Tracer,
  returned: readonly Storage[],
  gradients: readonly ExitGradient[],
  keepGradients: boolean,
): Assembled {
  const { values } = tracer;
  const numberOf = (storage: Storage) => tracer.numberOf(storage);
  const lasting = [...returned, ...gradients.map(({ storage }) => storage)].map(numberOf);
  // A function makes its constants again at each call: where they are changed or handed out, so does a run.
  for (const number of lasting) if (values[number]!.origin === 'constant') values[number]!.isWritten = true;

  const outputs = new Map<number, number>();
  // Tensors that share memory, or one that is returned twice, are one output.
  for (const number of new Set(returned.map(numberOf))) if (isMade(values[number]!)) outputs.set(number, outputs.size);
  const kept = new Set<number>();
  for (const { storage, wasGuarded, countsOf } of gradients) {
    const number = numberOf(storage);
    if (!isMade(values[number]!) || outputs.has(number)) continue;
    const whole = countsOf === null ? null : numberOf(countsOf);
    const isWanted =
      whole === null
        ? keepGradients || wasGuarded || !isUsedUp(tracer.instructions, number)
        : kept.has(whole) || outputs.has(whole);
    if (isWanted) kept.add(number);
  }

  const states: Storage[] = [];
  const written: Storage[] = [];
  const specs: ValueSpec[] = [];
  const addState = (storage: Storage, isWritten: boolean): number => {
    if (isWritten) written.push(storage);
    return states.push(storage) - 1;
  };
  const before: Instruction[] = [];
  const sources: ValueSpec[] = [];
  let inputs = 0;
  const placed = (number: number): Pick<ValueSpec, 'kind' | 'index'> => {
    const value = values[number]!;
    const { origin, storage, isWritten } = value;
    if (origin === 'input' || origin === 'draw') return { kind: 'input', index: inputs++ };
    if (!isMade(value)) return { kind: 'state', index: addState(storage!, isWritten) };
    if (outputs.has(number)) return { kind: 'output', index: outputs.get(number)! };
    if (!kept.has(number)) return { kind: 'temporary', index: -1 };
    return { kind: 'state', index: addState(storage!, true) };
  };
  for (const [number, { dtype, length, origin, storage, isWritten }] of values.entries()) {
    specs.push({ dtype, length, ...placed(number), panels: null });
    if (origin === 'constant' && isWritten) {
      const source = new Storage(dtype, storage!.read().slice());
      sources.push({ dtype, length, kind: 'state', index: addState(source, false), panels: null });
      before.push(copyAll(values.length + sources.length - 1, number, length));
      storage!.refuse();
    }
    if (kept.has(number)) storage!.settle();
  }

  for (const { storage } of gradients) {
    const number = numberOf(storage);
    if (isMade(values[number]!) && !kept.has(number) && !outputs.has(number)) storage.refuse(notKept);
  }
  const graph: Graph = {
    values: [...specs, ...sources],
    instructions: [...before, ...tracer.instructions],
    arena: -1,
    dynamicScalars: tracer.dynamicScalars.length,
    keySources: tracer.sources.length,
  };
  return {
    graph,
    states,
    written,
    outputs: [...outputs.keys()].map((number) => values[number]!),
    locationOf(storage) {
      const number = numberOf(storage);
      if (values[number]!.origin === 'input') return { kind: 'input', index: number };
      const output = outputs.get(number);
      return output === undefined ? { kind: 'storage', storage } : { kind: 'output', index: output };
    },
  };
}

/** Whether a run makes the numbers. */
const isMade = ({ origin, isWritten }: TracedValue): boolean =>
  origin === 'temporary' || (origin === 'constant' && isWritten);

/** Whether the numbers that a memory has in the end are read by optimizers alone. What changes it in place, as clipping does, reads others. */
function isUsedUp(instructions: readonly Instruction[], number: number): boolean {
  const accesses = instructions.map((each) => accessesOf(each).filter(({ value }) => value === number));
  const lastWrite = accesses.findLastIndex((own) => own.some(({ writes }) => writes));
  const readers = instructions.filter((_, i) => i > lastWrite && accesses[i]!.some(({ reads }) => reads));
  return readers.length > 0 && readers.every((reader) => isUpdate(reader));
}
