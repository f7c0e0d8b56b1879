/** The list of contenders: how each process is started. */
import { fileURLToPath } from 'node:url';

export const reference = 'reference';
export const native = 'native';
export const nativeCompiled = 'native-compiled';
export const pytorch = 'pytorch';
const pytorchCompile = 'pytorch-compile';
/** PyTorch with images, filters and what lies between them in its memory format `channels_last`. */
const pytorchChannelsLast = 'pytorch-channels-last';
export const tfjsCpu = 'tfjs-cpu';
export const tfjsWasm = 'tfjs-wasm';
/** Processes that start and end, for the case `import`. */
export const bareStart = 'node';
export const withImport = 'node+lanewise';
/** A process of lanewise that measures several figures at once. */
export const studying = 'studies';

/** All that can be chosen, in the order of the table, with the name that a reader of the report sees. */
export const contenderNames: Readonly<Record<string, string>> = {
  [reference]: 'lanewise, pure TS',
  [native]: 'lanewise, eager',
  [nativeCompiled]: 'lanewise, compiled',
  [pytorch]: 'PyTorch',
  [pytorchCompile]: 'torch.compile',
  [pytorchChannelsLast]: 'PyTorch, channels last',
  jax: 'JAX, jit',
  tensorflow: 'TensorFlow',
  [tfjsCpu]: 'tfjs, plain',
  [tfjsWasm]: 'tfjs, WebAssembly',
  [bareStart]: 'Node',
  [withImport]: 'Node importing lanewise',
  [studying]: 'lanewise, studies',
};
export const contenderIds = Object.keys(contenderNames);

/** Who takes part: processes that start and end; all that compute; those that need nothing to compile; that can copy. */
export const starting: readonly string[] = [bareStart, withImport];
export const computing = contenderIds.filter(
  (id) => id !== studying && id !== pytorchChannelsLast && !starting.includes(id),
);
export const eager = computing.filter((id) => id !== nativeCompiled && id !== pytorchCompile);
/** Those with convolutions; the reference would take seconds a step. */
export const convolving: readonly string[] = [
  ...[native, nativeCompiled, pytorch, pytorchChannelsLast, 'jax', 'tensorflow'],
];
export const copying = eager.filter((id) => id !== tfjsCpu && id !== tfjsWasm);

/** Whether it computes in the addon. */
export const isNative = (id: string): boolean => id === native || id === nativeCompiled || id === studying;

export interface Contender {
  /** As in the table and the JSON. */
  readonly id: string;
  /** The instruction set that it is told to use; null when it chooses by itself. */
  readonly isa: string | null;
  readonly command: string;
  readonly args: readonly string[];
  /** Numbers of threads that it can be told: only one, any, or the one that its process was started for. */
  readonly threads: 'one' | 'any' | number;
  /** Whether the FMA peak is to be measured in its process, between its own turns. */
  readonly peak: boolean;
}

const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** What the library calls its native backends: `native:avx2`. */
const backendPrefix = 'native:';

/** Instruction sets of native backends, from narrow to wide. */
export const isasOf = (backends: readonly string[]): string[] =>
  backends.filter((name) => name.startsWith(backendPrefix)).map((name) => name.slice(backendPrefix.length));

/** A Node process. The reference is always there; the native backends are learnt from its description. */
export function nodeContender(id: string, isa: string | null = null): Contender {
  const args = ['--import', import.meta.resolve('tsx'), pathOf('./main.ts'), id];
  if (isa !== null) args.push(`${backendPrefix}${isa}`);
  const peak = id === native || id === nativeCompiled;
  return { id, isa, command: process.execPath, args, threads: peak ? 'any' : 'one', peak };
}

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
    module: 'torch',
    package: 'torch',
    program: 'with_pytorch.py',
    ids: { [pytorch]: 'eager', [pytorchCompile]: 'compile', [pytorchChannelsLast]: 'channels-last' },
  },
  { module: 'jax', package: 'jax', program: 'with_jax.py', ids: { jax: null } },
  { module: 'tensorflow', package: 'tensorflow-cpu', program: 'with_tensorflow.py', ids: { tensorflow: null } },
];

/** @param threadCounts those that the run wants. */
export const pythonContenders = (of: Framework, command: string, threadCounts: readonly number[]): Contender[] =>
  Object.entries(of.ids).flatMap(([id, told]) =>
    (told === null ? threadCounts : [told]).map((argument) => ({
      ...nodeContender(id),
      command,
      args: ['-u', pathOf(`./python/${of.program}`), String(argument)],
      threads: typeof argument === 'number' ? argument : 'any',
    })),
  );
