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
  /** Numbers of threads that it can be told: only one, any, or the one that its process was started for. */
  readonly threads: 'one' | 'any' | number;
  /** Whether the FMA peak is to be measured in its process, beside its own turns. */
  readonly peak: boolean;
}

export const reference = 'reference';
export const native = 'native';
export const nativeCompiled = 'native-compiled';
export const pytorch = 'pytorch';
export const pytorchCompile = 'pytorch-compile';
export const jax = 'jax';
export const tensorflow = 'tensorflow';
export const tfjsCpu = 'tfjs-cpu';
export const tfjsWasm = 'tfjs-wasm';
/** Processes that start and end, for the case `import`. */
export const bareStart = 'node';
export const withImport = 'node+lanewise';

/** All that can be chosen, in the order of the table. */
export const contenderIds: readonly string[] = [
  ...[reference, native, nativeCompiled, pytorch, pytorchCompile, jax, tensorflow, tfjsCpu, tfjsWasm],
  ...[bareStart, withImport],
];

/** What the library calls its native backends: `native:avx2`. */
const backendPrefix = 'native:';

const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** A Node process on one of the programs beside this file. */
function node(id: string, group: ContenderGroup, rest: Partial<Contender> = {}, program = './node.ts'): Contender {
  const { isa = null } = rest;
  const backend = isa === null ? [] : [`${backendPrefix}${isa}`];
  const args = ['--import', import.meta.resolve('tsx'), pathOf(program), id, ...backend];
  return { id, isa, group, command: process.execPath, args, compiles: false, threads: 'one', peak: false, ...rest };
}

/** The backend that is always there; the others are learnt from its description. */
export const referenceContender = (): Contender => node(reference, 'compute');

/** Instruction sets of native backends, from narrow to wide. */
export const isasOf = (backends: readonly string[]): string[] =>
  backends.filter((name) => name.startsWith(backendPrefix)).map((name) => name.slice(backendPrefix.length));

/** Eager and compiled on one instruction set. */
export const nativeContenders = (isa: string): Contender[] => [
  node(native, 'compute', { isa, threads: 'any', peak: true }),
  node(nativeCompiled, 'compute', { isa, compiles: true, threads: 'any', peak: true }),
];

/** The process of studies. */
export const studyContender = (isa: string): Contender => node(native, 'study', { isa });

/** Whether it computes in the addon. */
export const isNative = (id: string): boolean => id === native || id === nativeCompiled;

export const startContenders = (): Contender[] => [bareStart, withImport].map((id) => node(id, 'start'));

/** TensorFlow.js. Its WebAssembly has no threads in Node. */
export const tfjsContenders = (): Contender[] =>
  [tfjsCpu, tfjsWasm].map((id) => node(id, 'compute', {}, './tfjs/main.ts'));

/** A framework of Python: the module that it takes, and its contenders. */
export interface Framework {
  /** What Python imports, and pip installs. */
  readonly module: string;
  readonly package: string;
  readonly ids: readonly string[];
  /** @param threadCounts those that the run wants, for frameworks that are told when they start. */
  contenders(python: string, threadCounts: readonly number[]): Contender[];
}

function inPython(
  id: string,
  python: string,
  file: string,
  argument: string,
  threads: Contender['threads'],
): Contender {
  const args = ['-u', pathOf(`./python/${file}`), argument];
  const compiles = id === pytorchCompile;
  return { id, isa: null, group: 'compute', command: python, args, compiles, threads, peak: false };
}

/** One process for each number of threads. */
const toldAtStart = (id: string, module: string, packageName: string, file: string): Framework => ({
  module,
  package: packageName,
  ids: [id],
  contenders: (python, counts) => counts.map((count) => inPython(id, python, file, String(count), count)),
});

export const frameworks: readonly Framework[] = [
  {
    module: 'torch',
    package: 'torch',
    ids: [pytorch, pytorchCompile],
    contenders: (python) => [
      inPython(pytorch, python, 'with_pytorch.py', 'eager', 'any'),
      inPython(pytorchCompile, python, 'with_pytorch.py', 'compile', 'any'),
    ],
  },
  toldAtStart(jax, 'jax', 'jax', 'with_jax.py'),
  toldAtStart(tensorflow, 'tensorflow', 'tensorflow-cpu', 'with_tensorflow.py'),
];
