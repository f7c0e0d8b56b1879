/** Which backend computes: chosen once, at the first op, from the environment and what this machine has. */
import { show as showAny } from '../check.js';
import { ArgumentError, BackendError, StateError } from '../errors.js';
import { environment, isClusterWorker } from './environment.js';
import type { ProgramFactory } from './graph.js';
import type { GroupTasks } from './group-tasks.js';
import { type LoadReport, loadAddon } from './load.js';
import { advice } from './load-advice.js';
import { createNativeOps } from './native.js';
import { NativeGroup } from './native-group.js';
import { createJobs } from './native-jobs.js';
import { createNativePrograms, type NativeJobs } from './native-programs.js';
import type { Ops } from './ops.js';
import { referenceOps } from './reference/index.js';
import { createReferencePrograms } from './reference/programs.js';
import { createWasm, wasmInstructionSet } from './wasm.js';
import { loadWasm, type WasmReport } from './wasm-module.js';

export { workerFile } from './addon-files.js';

export interface Backend {
  /** `'reference'`, `'wasm'`, or `'native:'` and an instruction set. */
  readonly name: string;
  readonly ops: Ops;
  /** What runs traced programs, made at the first call. */
  programs(): ProgramFactory;
}

/** What {@link backend.info} tells. */
export interface BackendInfo {
  /** The backend in use: `'native:avx2'`, `'wasm'`, `'reference'`, ... */
  readonly name: string;
  /** Why that one, in English: what forced it, or what this processor has and lacks. */
  readonly nameSource: string;
  /** The instruction set of a native backend, `'simd128'` of WebAssembly, null for the reference. */
  readonly instructionSet: string | null;
  /** The backends that can be used here, slowest first. */
  readonly available: readonly string[];
  /** The instruction sets in the addon, whether or not this processor has them. */
  readonly compiled: readonly string[];
  /** How many threads native kernels may use. */
  readonly threads: number;
  /** Where the number of threads comes from, in English: what set it, and what the machine and its quotas allow. */
  readonly threadSource: string;
  /** What became of loading the addon. */
  readonly native: {
    /** Whether there is one. */
    readonly loaded: boolean;
    /** The file it came from, or null. */
    readonly path: string | null;
    /** Its version, that of the package it was built for, or null. */
    readonly version: string | null;
    /** The files that were tried before, and why each failed. */
    readonly tried: LoadReport['tried'];
  };
  /** What became of loading the WebAssembly module. */
  readonly wasm: {
    /** Whether there is one. */
    readonly loaded: boolean;
    /** The file it came from, or null. */
    readonly path: string | null;
    /** The files that were tried before, and why each failed. */
    readonly tried: LoadReport['tried'];
  };
}

const referencePrograms = createReferencePrograms(referenceOps);
const reference: Backend = { name: 'reference', ops: referenceOps, programs: () => referencePrograms };
const natives = new Map<string, Backend>();
let wasm: { readonly report: WasmReport; readonly backend: Backend | null } | undefined;
let jobs: NativeJobs | undefined;

let report: LoadReport | undefined;
/** Who set the number of threads, when it is not the addon's own. */
let threadsSetBy: string | undefined;
/** The addon's own number. */
let threadsByItself = 1;
/** Who chose the backend, when it was not this module. */
let chosenBy: string | undefined;
/** The backend in use, once one has been chosen. */
let chosen: Backend | undefined;
/** What functional code computes with: the ops of `chosen`, but inside {@link withOps}. */
let active: Ops | undefined;
let replaced = false;

/** The addon, loaded at the first call, with its number of threads as the environment says. */
function native(): LoadReport {
  if (report !== undefined) return report;
  const loaded = loadAddon();
  threadsByItself = loaded.addon?.threads() ?? 1;
  const text = environment('LANEWISE_NUM_THREADS');
  if (text) {
    const count = checkThreads('LANEWISE_NUM_THREADS', /^\d+$/.test(text) ? Number(text) : text, loaded);
    loaded.addon?.setThreads(count);
    threadsSetBy = `LANEWISE_NUM_THREADS=${text}`;
  }
  report = loaded;
  return loaded;
}

/** Threads that a caller asks for. @throws ArgumentError for what `backend.threads` could not be set to. */
export function readThreadCount(caller: string, value: unknown): number {
  return checkThreads(caller, value, native());
}

function checkThreads(caller: string, value: unknown, { addon }: LoadReport): number {
  const most = addon?.maxThreads ?? Number.MAX_SAFE_INTEGER;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1 || value > most) {
    const range = addon ? `from 1 to ${most}` : 'of at least 1';
    throw new ArgumentError(`${caller}: expected an integer ${range}, got ${show(value)}`);
  }
  return value;
}

const show = (value: unknown): string => (typeof value === 'string' ? `'${value}'` : showAny(value));

/** Instruction sets that can run, narrowest first. */
const instructionSets = (): string[] => Object.keys(native().addon?.instructionSets ?? {});

const available = (): string[] => [
  'reference',
  ...(webAssembly().backend === null ? [] : ['wasm']),
  ...instructionSets().map((isa) => `native:${isa}`),
];

const whyMissing = ({ tried }: Pick<LoadReport, 'tried'>): string =>
  tried.map(({ path, error }) => `${path}: ${error}`).join('; ');

/** What to do about it, with a space behind; or nothing. */
function remedy({ tried }: LoadReport): string {
  const text = advice(tried, environment('LANEWISE_ADDON') !== undefined);
  return text && `${text} `;
}

/** The native backend of that instruction set, or undefined when it cannot run here. */
function nativeBackend(isa: string | undefined): Backend | undefined {
  const { addon } = native();
  if (isa === undefined || addon === null || !Object.hasOwn(addon.instructionSets, isa)) return undefined;
  let found = natives.get(isa);
  if (found === undefined) {
    let programs: ProgramFactory | undefined;
    found = {
      name: `native:${isa}`,
      ops: createNativeOps(isa, addon.instructionSets[isa]!, referenceOps, addon),
      programs: () => (programs ??= createNativePrograms(isa, addon, (jobs ??= createJobs(addon)))),
    };
    natives.set(isa, found);
  }
  return found;
}

/** The WebAssembly module, loaded at the first call, and its backend if there is one. */
function webAssembly(): NonNullable<typeof wasm> {
  if (wasm !== undefined) return wasm;
  const report = loadWasm();
  const { module } = report;
  let made: Backend | null = null;
  if (module !== null) {
    const { ops, programs } = createWasm(module, referenceOps);
    made = { name: 'wasm', ops, programs: () => programs };
  }
  wasm = { report, backend: made };
  return wasm;
}

/** `caller` is for messages. */
function find(caller: string, name: string): Backend {
  if (name === 'reference') return reference;
  if (name === 'wasm') {
    const { backend: found, report } = webAssembly();
    if (found !== null) return found;
    throw new BackendError(
      `${caller}: no backend 'wasm'; available: ${available().join(', ')}. The WebAssembly module could not be loaded (${whyMissing(report)}).`,
    );
  }
  const isa = name === 'native' ? instructionSets().at(-1) : name.replace(/^native:/, '');
  const found = name.startsWith('native') ? nativeBackend(isa) : undefined;
  if (found !== undefined) return found;
  const { addon } = native();
  const lacking = addon?.compiled.some((compiled) => name === `native:${compiled}`);
  throw new BackendError(
    `${caller}: no backend ${show(name)}${lacking ? ' on this processor' : ''}; available: ${available().join(', ')}` +
      (addon === null
        ? `. The native addon could not be loaded (${whyMissing(native())}). ${remedy(native())}`.trimEnd()
        : ''),
  );
}

/** One backend, without switching to it. `'native'` is the one of the widest instruction set. */
export function getBackend(name: string): Backend {
  return find('getBackend', name);
}

function choose(): Backend {
  if (chosen !== undefined) return chosen;
  const forced = environment('LANEWISE_BACKEND');
  if (forced) {
    chosen = find('LANEWISE_BACKEND', forced);
    chosenBy = `LANEWISE_BACKEND=${forced}`;
  } else {
    chosen = nativeBackend(instructionSets().at(-1));
    if (chosen === undefined) {
      chosen = webAssembly().backend ?? reference;
      warnOfMissing(native(), chosen);
    }
  }
  if (chosen.name.startsWith('native') && sharesCpus()) warnOfCluster();
  return chosen;
}

function nameSource(addon: LoadReport['addon']): string {
  if (addon === null) return 'no native addon could be loaded';
  const lacking = addon.compiled.filter((isa) => !Object.hasOwn(addon.instructionSets, isa));
  const lacks = lacking.length > 0 ? `, which lacks ${lacking.join(' and ')}` : '';
  return `the widest instruction set of this machine${lacks}`;
}

function threadSource(addon: LoadReport['addon']): string {
  if (addon === null) return 'without a native addon it is one thread';
  const machine = addon.threadSource();
  if (threadsSetBy !== undefined) return `${threadsSetBy}; by itself it would be ${threadsByItself}: ${machine}`;
  return sharesCpus() ? `${machine}; each worker of the cluster has as many: ${divide}` : machine;
}

/** Whether other processes have the same threads, since no one has told how many each may have. */
const sharesCpus = (): boolean => threadsSetBy === undefined && threadsByItself > 1 && isClusterWorker();

/** It is not known here how many workers there are or will be. */
const divide = 'set LANEWISE_NUM_THREADS to the number of CPUs divided by that of workers';

/** Once in a process, since a backend is chosen once. */
function warnOfCluster(): void {
  process.emitWarning(
    `lanewise computes on ${threadsByItself} threads in this worker of a cluster, and in each of the others: ${divide}. Results stay the same.`,
    { type: 'LanewiseWarning', code: 'LANEWISE_CLUSTER_THREADS' },
  );
}

/** Once in a process, since a backend is chosen once. */
function warnOfMissing(loaded: LoadReport, instead: Backend): void {
  const how =
    instead === reference
      ? `in plain TypeScript, many times slower: its native addon could not be loaded, nor its WebAssembly module (${whyMissing(webAssembly().report)})`
      : 'in WebAssembly on one thread, several times slower: its native addon could not be loaded';
  process.emitWarning(
    `lanewise computes ${how}. Tried ${whyMissing(loaded)}. ${remedy(loaded)}LANEWISE_BACKEND=${instead.name} asks for this without the warning.`,
    { type: 'LanewiseWarning', code: 'LANEWISE_NO_NATIVE' },
  );
}

/** The backend in use, whatever {@link withOps} puts in its place. */
export function currentBackend(): Backend {
  return choose();
}

/** The ops to compute with. */
export function currentOps(): Ops {
  if (active === undefined) active = choose().ops;
  return active;
}

/** Who runs a traced program: with float64 memory the reference, whatever the backend, since only it has that. */
export function programsFor(hasDoubles: boolean): ProgramFactory {
  return (hasDoubles ? reference : choose()).programs();
}

/**
 * What ranks of a job communicate by, whatever backend computes.
 * @throws BackendError without an addon
 */
export function nativeGroup(): GroupTasks {
  const loaded = native();
  if (loaded.addon !== null) return new NativeGroup(loaded.addon);
  throw new BackendError(
    `processes communicate by the native addon, and that could not be loaded (${whyMissing(loaded)}). ${remedy(loaded)}`,
  );
}

/**
 * Calls `run` with other ops instead of the backend's, until it returns or throws. Calls may be nested. `run` is
 * synchronous: what it leaves for later computes on the backend again.
 */
export function withOps<T>(ops: Ops, run: () => T): T {
  const before = { active, replaced };
  active = ops;
  replaced = true;
  try {
    return run();
  } finally {
    ({ active, replaced } = before);
  }
}

/**
 * Where the library computes. The choice falls at the first op: the environment variable `LANEWISE_BACKEND` if it is
 * set, else the native backend of the widest instruction set, else `'wasm'`, else `'reference'`, these two with one process warning of code
 * `LANEWISE_NO_NATIVE`. In a worker of a cluster for which no number of threads is set, one of code `LANEWISE_CLUSTER_THREADS` advises to divide.
 */
export const backend = {
  /** The backend in use: `'native:avx2'`, `'wasm'`, `'reference'`, ... */
  get name(): string {
    return choose().name;
  },

  /** The backends that can be used here: `'reference'`, `'wasm'`, then the native ones, the widest instruction set last. */
  get available(): string[] {
    return available();
  },

  /**
   * Computes on another backend from here on. Tensors move along; results differ in rounding.
   * @param name - one of {@link backend.available}, or `'native'` for the widest instruction set
   * @throws BackendError when there is no such backend; the message lists those there are
   */
  use(name: string): void {
    if (typeof name !== 'string')
      throw new ArgumentError(`backend.use: expected the name of a backend, got ${show(name)}`);
    if (replaced) throw new StateError('backend.use: the backend cannot change while a program is being traced');
    chosen = find('backend.use', name);
    chosenBy = `backend.use('${name}')`;
    active = chosen.ops;
  },

  /**
   * How many threads a native op may use, the calling one included; `'reference'` and `'wasm'` always compute on one. By default
   * the smallest of the CPUs in the affinity mask, their physical cores and the cgroup quota rounded down; the
   * environment variable `LANEWISE_NUM_THREADS` overrides that. Results do not depend on it. Without an addon it is 1
   * and setting it has no effect.
   * @throws ArgumentError when set to anything but a positive integer, or to more than 256
   */
  get threads(): number {
    return native().addon?.threads() ?? 1;
  },

  /** @throws ArgumentError unless an integer from 1 to the most that the addon can use. */
  set threads(count: number) {
    const loaded = native();
    checkThreads('backend.threads', count, loaded);
    loaded.addon?.setThreads(count);
    threadsSetBy = `backend.threads = ${count}`;
  },

  /** Everything about the choice, for logs and bug reports. */
  info(): BackendInfo {
    const { name } = choose();
    const { addon, path, tried } = native();
    const { report } = webAssembly();
    return {
      name,
      nameSource: chosenBy ?? nameSource(addon),
      instructionSet: name === 'reference' ? null : name === 'wasm' ? wasmInstructionSet : name.replace('native:', ''),
      available: available(),
      compiled: [...(addon?.compiled ?? [])],
      threads: backend.threads,
      threadSource: threadSource(addon),
      native: { loaded: addon !== null, path, version: addon?.version ?? null, tried },
      wasm: { loaded: report.module !== null, path: report.path, tried: report.tried },
    };
  },
};
