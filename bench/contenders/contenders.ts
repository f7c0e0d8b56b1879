/** The list of contenders: how each process is started. */
import { fileURLToPath } from 'node:url';
import type { ContenderGroup } from '../case.js';

export interface Contender {
  /** As in the table and the JSON. */
  readonly id: string;
  /** The instruction set that it is told to use; null when it chooses by itself. */
  readonly isa: string | null;
  readonly group: ContenderGroup;
  readonly command: string;
  readonly args: readonly string[];
  /** Whether it takes part only where there is something to compile. */
  readonly compiles: boolean;
  /** Whether it can use more threads than one. */
  readonly threaded: boolean;
  /** Whether the FMA peak is to be measured in its process, beside its own turns. */
  readonly peak: boolean;
}

export const reference = 'reference';
export const native = 'native';
export const nativeCompiled = 'native-compiled';
export const pytorch = 'pytorch';
/** Processes that start and end, for the case `import`. */
export const bareStart = 'node';
export const withImport = 'node+lanewise';

/** What the library calls its native backends: `native:avx2`. */
const backendPrefix = 'native:';

const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** A Node process on contenders/node.ts. */
function node(id: string, group: ContenderGroup, rest: Partial<Contender> = {}): Contender {
  const { isa = null } = rest;
  const backend = isa === null ? [] : [`${backendPrefix}${isa}`];
  const args = ['--import', import.meta.resolve('tsx'), pathOf('./node.ts'), id, ...backend];
  return { id, isa, group, command: process.execPath, args, compiles: false, threaded: false, peak: false, ...rest };
}

/** The backend that is always there; the others are learnt from its description. */
export const referenceContender = (): Contender => node(reference, 'compute');

/** Instruction sets of native backends, from narrow to wide. */
export const isasOf = (backends: readonly string[]): string[] =>
  backends.filter((name) => name.startsWith(backendPrefix)).map((name) => name.slice(backendPrefix.length));

/** Eager and compiled on each of the instruction sets, and the process of studies on the last. */
export function nativeContenders(isas: readonly string[]): Contender[] {
  const widest = isas.at(-1);
  if (widest === undefined) return [];
  return [
    ...isas.flatMap((isa) => [
      node(native, 'compute', { isa, threaded: true, peak: true }),
      node(nativeCompiled, 'compute', { isa, compiles: true, threaded: true, peak: true }),
    ]),
    node(native, 'study', { isa: widest }),
  ];
}

/** Whether it computes in the addon. */
export const isNative = (id: string): boolean => id === native || id === nativeCompiled;

export const startContenders = (): Contender[] => [bareStart, withImport].map((id) => node(id, 'start'));

/** PyTorch in eager mode. `python` is an interpreter that has torch. */
export function pytorchContender(python: string): Contender {
  const args = ['-u', pathOf('./pytorch.py')];
  const rest = { compiles: false, threaded: true, peak: false };
  return { id: pytorch, isa: null, group: 'compute', command: python, args, ...rest };
}
