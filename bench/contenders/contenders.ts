/** The list of contenders: how each process is started. */
import { fileURLToPath } from 'node:url';
import type { Case } from '../case.js';

export interface Contender {
  /** As in the table and the JSON. */
  readonly id: string;
  /** The instruction set that it is told to use; null when it chooses by itself. */
  readonly isa: string | null;
  readonly group: Case['contenders'];
  readonly command: string;
  readonly args: readonly string[];
  /** Whether it takes part only where there is something to compile. */
  readonly compiles: boolean;
  /** Numbers of threads that it can be told: only one, any, or the one that its process was started for. */
  readonly threads: 'one' | 'any' | number;
  /** Whether the FMA peak is to be measured in its process, between its own turns. */
  readonly peak: boolean;
}

export const reference = 'reference';
export const native = 'native';
export const nativeCompiled = 'native-compiled';
export const pytorch = 'pytorch';
export const tfjsWasm = 'tfjs-wasm';
/** Processes that start and end, for the case `import`. */
export const bareStart = 'node';
export const withImport = 'node+lanewise';

/** All that can be chosen in the order of the table, with the name that a reader of the report sees. */
export const contenderNames: Readonly<Record<string, string>> = {
  [reference]: 'lanewise, pure TS',
  [native]: 'lanewise, eager',
  [nativeCompiled]: 'lanewise, compiled',
  [pytorch]: 'PyTorch',
  'pytorch-compile': 'torch.compile',
  jax: 'JAX, jit',
  tensorflow: 'TensorFlow',
  'tfjs-cpu': 'tfjs, plain',
  [tfjsWasm]: 'tfjs, WebAssembly',
  [bareStart]: 'Node',
  [withImport]: 'Node importing lanewise',
};
export const contenderIds: readonly string[] = Object.keys(contenderNames);

/** What the library calls its native backends: `native:avx2`. */
const backendPrefix = 'native:';

const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** A Node process on one of the programs of this folder. */
function node(id: string, rest: Partial<Contender> = {}, program = './node.ts'): Contender {
  const { isa = null } = rest;
  const backend = isa === null ? [] : [`${backendPrefix}${isa}`];
  const args = ['--import', import.meta.resolve('tsx'), pathOf(program), id, ...backend];
  const plain = { group: 'compute', command: process.execPath, compiles: false, threads: 'one', peak: false } as const;
  return { id, isa, args, ...plain, ...rest };
}

/** The backend that is always there; the others are learnt from its description. */
export const referenceContender = (): Contender => node(reference);

/** Instruction sets of native backends, from narrow to wide. */
export const isasOf = (backends: readonly string[]): string[] =>
  backends.filter((name) => name.startsWith(backendPrefix)).map((name) => name.slice(backendPrefix.length));

/** Eager and compiled on one instruction set. */
export const nativeContenders = (isa: string): Contender[] => [
  node(native, { isa, threads: 'any', peak: true }),
  node(nativeCompiled, { isa, compiles: true, threads: 'any', peak: true }),
];

/** The process of studies. */
export const studyContender = (isa: string): Contender => node(native, { isa, group: 'study' });

/** Whether it computes in the addon. */
export const isNative = (id: string): boolean => id === native || id === nativeCompiled;

export const startContenders = (): Contender[] => [bareStart, withImport].map((id) => node(id, { group: 'start' }));

/** TensorFlow.js. Its WebAssembly has no threads in Node. */
export const tfjsContenders = (): Contender[] => ['tfjs-cpu', tfjsWasm].map((id) => node(id, {}, './tfjs/main.ts'));

/** A framework of Python. */
export interface Framework {
  /** What Python imports, and what pip installs. */
  readonly module: string;
  readonly package: string;
  readonly program: string;
  /** What each contender's program is told; null for the number of threads, with a process for each. */
  readonly ids: Readonly<Record<string, string | null>>;
}

export const frameworks: readonly Framework[] = [
  {
    ...{ module: 'torch', package: 'torch', program: 'with_pytorch.py' },
    ids: { [pytorch]: 'eager', 'pytorch-compile': 'compile' },
  },
  { module: 'jax', package: 'jax', program: 'with_jax.py', ids: { jax: null } },
  { module: 'tensorflow', package: 'tensorflow-cpu', program: 'with_tensorflow.py', ids: { tensorflow: null } },
];

/** @param threadCounts those that the run wants. */
export const pythonContenders = (of: Framework, command: string, threadCounts: readonly number[]): Contender[] =>
  Object.entries(of.ids).flatMap(([id, told]) =>
    (told === null ? threadCounts : [told]).map((argument) => ({
      ...node(id),
      command,
      args: ['-u', pathOf(`./python/${of.program}`), String(argument)],
      threads: typeof argument === 'number' ? argument : 'any',
      compiles: argument === 'compile',
    })),
  );
