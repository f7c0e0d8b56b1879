/** The list of contenders: how each process is started. */
import { fileURLToPath } from 'node:url';
import type { ContenderGroup } from '../case.js';

export interface Contender {
  /** As in the table and the JSON. */
  readonly id: string;
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
export const nativePrefix = 'native:';
export const compiledPrefix = 'native-compiled:';
export const pytorch = 'pytorch';
/** Processes that start and end, for the case `import`. */
export const bareStart = 'node';
export const withImport = 'node+lanewise';
/** The process of studies, on the fastest native backend. */
export const studied = 'native';

const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** A Node process on contenders/node.ts. */
function node(id: string, group: ContenderGroup, rest: Partial<Contender> = {}): Contender {
  const args = ['--import', import.meta.resolve('tsx'), pathOf('./node.ts'), id];
  return { id, group, command: process.execPath, args, compiles: false, threaded: false, peak: false, ...rest };
}

/** The backend that is always there; the others are learnt from its description. */
export const referenceContender = (): Contender => node(reference, 'compute');

/**
 * One for each native backend of the machine, one that compiles on the widest of them, and the one of studies. The peak of
 * scalar code is nobody's limit, unless there is no other.
 */
export function nativeContenders(backends: readonly string[]): Contender[] {
  const natives = backends.filter((name) => name.startsWith(nativePrefix));
  const widest = natives.at(-1);
  if (widest === undefined) return [];
  const peak = (name: string) => natives.length === 1 || name !== `${nativePrefix}scalar`;
  return [
    ...natives.map((id) => node(id, 'compute', { threaded: true, peak: peak(id) })),
    node(widest.replace(nativePrefix, compiledPrefix), 'compute', {
      compiles: true,
      threaded: true,
      peak: peak(widest),
    }),
    node(studied, 'study'),
  ];
}

/** The instruction set in the id of a native contender; null for others. */
export function isaOf(id: string): string | null {
  const prefix = [nativePrefix, compiledPrefix].find((each) => id.startsWith(each));
  return prefix === undefined ? null : id.slice(prefix.length);
}

/** Whether it computes in the addon. */
export const isNative = ({ id }: Contender): boolean => id === studied || isaOf(id) !== null;

export const startContenders = (): Contender[] => [bareStart, withImport].map((id) => node(id, 'start'));

/** PyTorch in eager mode. `python` is an interpreter that has torch. */
export function pytorchContender(python: string): Contender {
  const args = ['-u', pathOf('./pytorch.py')];
  return { id: pytorch, group: 'compute', command: python, args, compiles: false, threaded: true, peak: false };
}
