/** The list of contenders: how each process is started. */
import { fileURLToPath } from 'node:url';
import type { ContenderGroup } from '../case.js';

export interface Contender {
  /** As in the table and the JSON. */
  readonly id: string;
  readonly group: ContenderGroup;
  readonly command: string;
  readonly args: readonly string[];
  /** Whether it can use more threads than one. */
  readonly threaded: boolean;
  /** Whether the FMA peak is to be measured in its process, beside its own turns. */
  readonly peak: boolean;
}

export const reference = 'reference';
export const nativePrefix = 'native:';
export const pytorch = 'pytorch';
/** Processes that start and end, for the case `import`. */
export const bareStart = 'node';
export const withImport = 'node+lanewise';

const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

/** A Node process on contenders/node.ts. */
function node(id: string, rest: Omit<Contender, 'id' | 'command' | 'args'>): Contender {
  const args = ['--import', import.meta.resolve('tsx'), pathOf('./node.ts'), id];
  return { id, command: process.execPath, args, ...rest };
}

/** The backend that is always there; the others are learnt from its description. */
export const referenceContender = (): Contender => node(reference, { group: 'compute', threaded: false, peak: false });

/** One for each native backend of the machine. The peak of scalar code is nobody's limit, unless there is no other. */
export function nativeContenders(backends: readonly string[]): Contender[] {
  const natives = backends.filter((name) => name.startsWith(nativePrefix));
  return natives.map((id) =>
    node(id, { group: 'compute', threaded: true, peak: natives.length === 1 || id !== `${nativePrefix}scalar` }),
  );
}

export const startContenders = (): Contender[] =>
  [bareStart, withImport].map((id) => node(id, { group: 'start', threaded: false, peak: false }));

/** PyTorch in eager mode. `python` is an interpreter that has torch. */
export function pytorchContender(python: string): Contender {
  const args = ['-u', pathOf('./pytorch.py')];
  return { id: pytorch, group: 'compute', command: python, args, threaded: true, peak: false };
}
