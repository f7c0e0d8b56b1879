/** Runs a case of an op as a program of one instruction. */
import { expect } from 'vitest';
import type { Block, Instruction, MemorySpec, ProgramFactory } from '../../src/ops/listing.js';
import type { DType, HostArray } from '../../src/ops/ops.js';
import { firstDifference } from '../helpers/compare.js';
import type { Case, CaseValue, Fresh } from './cases/case.js';
import { type Results, rolesOf } from './harness.js';

export interface ProgramOptions {
  /** Everything in blocks; else inputs and outputs are bound at the run. Default false. */
  readonly inBlocks?: boolean;
  /** Weights in panels, of ops that have the flag `packed`. Default false. */
  readonly packed?: boolean;
  /** Write the output over this input. */
  readonly inPlace?: string;
}

const constructors = { float32: Float32Array, float64: Float64Array, int32: Int32Array } as const;
const dtypeOf = (array: HostArray): DType => (array instanceof Int32Array ? 'int32' : 'float32');
const isMemory = (role: string): boolean =>
  /^(in|out|inout|index|indexOut|indexInout|any|anyOut|anyInout)\??$/.test(role);

/** Arguments that lie in panels when an op is packed. */
export const weights: Readonly<Record<string, readonly string[]>> = {
  linearActivation: ['weight'],
  linearInputGradient: ['weight'],
  linearWeightSgd: ['weight', 'buffer'],
  linearWeightAdam: ['weight', 'm', 'v', 'maxV'],
};

/** What a memory holds before the run: values, or NaN and the like where it is only written. */
function initial(role: string, value: CaseValue): HostArray {
  if (role === 'out' || role === 'out?') return new Float32Array(value as number).fill(Number.NaN);
  if (role === 'indexOut') return new Int32Array(value as number).fill(-77);
  if (role === 'anyOut') return new constructors[(value as Fresh).dtype]((value as Fresh).length).fill(-77);
  return (value as Float32Array | Int32Array).slice();
}

function expectUnchanged(array: HostArray, before: HostArray): void {
  const at = firstDifference(array, before);
  if (at >= 0) expect.fail(`changed an input at ${at} from ${before[at]} to ${array[at]}`);
}

/** What the case's op leaves in the memory that it writes, by argument. Throws what the run throws. */
export function runAsProgram(factory: ProgramFactory, testCase: Case, options: ProgramOptions = {}): Results {
  const values = testCase.args() as Readonly<Record<string, CaseValue>>;
  const packed = options.packed === true ? weights[testCase.op]! : [];
  const memories: MemorySpec[] = [];
  const blocks: Block[] = [];
  const bound: Record<'input' | 'output', HostArray[]> = { input: [], output: [] };
  const cells: number[] = [];
  const args: Record<string, Instruction['args'][string]> = {};
  const written: Record<string, () => HostArray> = {};

  for (const [name, role] of rolesOf(testCase)) {
    const value = values[name]!;
    if (role === 'cell') args[name] = cells.push(value as number) - 1;
    else if (!isMemory(role) || value === null) args[name] = value as Instruction['args'][string];
    else {
      const array = initial(role, value);
      const isWritten = /out/i.test(role);
      const isState =
        options.inBlocks === true || /inout/i.test(role) || packed.includes(name) || name === options.inPlace;
      const kind = isState ? 'state' : isWritten ? 'output' : 'input';
      const list = kind === 'state' ? blocks : bound[kind];
      const panels = packed.includes(name)
        ? { out: values.outFeatures as number, in: values.inFeatures as number }
        : null;
      args[name] = memories.push({ dtype: dtypeOf(array), length: array.length, kind, index: list.length, panels }) - 1;
      if (kind === 'state') {
        const block = factory.createBlock(dtypeOf(array), array.length);
        block.copyIn(array);
        blocks.push(block);
        const read = (): HostArray => {
          const copy = array.slice();
          block.copyOut(copy);
          return copy;
        };
        if (isWritten || name === options.inPlace) written[name] = read;
        else written[`unchanged ${name}`] = read;
      } else {
        bound[kind].push(array);
        if (kind === 'output') written[name] = () => array;
      }
    }
  }
  if (options.packed === true) args.packed = true;
  if (options.inPlace !== undefined) args.out = args[options.inPlace]!;

  const listing = { memories, instructions: [{ op: testCase.op, args }], arena: 0, cells: cells.length, keySources: 0 };
  const program = factory.createProgram(listing, blocks);
  const before = bound.input.map((array) => array.slice());
  program.run({
    inputs: bound.input,
    outputs: bound.output,
    cells: Float64Array.from(cells),
    keys: new Uint32Array(0),
  });
  for (const [i, array] of bound.input.entries()) expectUnchanged(array, before[i]!);
  program.dispose();

  const results: Record<string, HostArray> = {};
  for (const [name, read] of Object.entries(written)) {
    if (name.startsWith('unchanged ')) expectUnchanged(read(), initial('in', values[name.slice(10)]!));
    else results[name] = read();
  }
  if (options.inPlace !== undefined) {
    results.out = results[options.inPlace]!;
    delete results[options.inPlace];
  }
  for (const block of blocks) block.free();
  return results;
}
