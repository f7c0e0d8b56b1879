/** Makes the process group of this process: that of the job its launcher started, or a world of one. */
import { readFileSync } from 'node:fs';
import { BackendError, StateError } from '../errors.js';
import { nativeGroup } from '../ops/backend.js';
import type { ProcessGroup } from './group.js';
import { MpiGroup } from './mpi-group.js';
import { cpusOf, type Launch, launchOf } from './mpi-launch.js';
import { SingleGroup } from './single-group.js';

export interface OpenGroupOptions {
  /** Seconds that a collective may take, and the start of the job; after them the job ends with exit code 71. Default 60. */
  readonly timeout?: number;
  /** An MPI library to open instead of the one that goes with the launcher: a path, or a name for `dlopen`. */
  readonly library?: string;
}

/**
 * Connects to the other processes of the job. Without a launcher a world of one, which needs no library.
 * @throws BackendError (rejects) when no MPI library can be opened, with the line that installs it; when the library is not that of the launcher;
 *   when the launcher has bound the process to one of several CPUs that are meant for it
 * @throws StateError (rejects) in a worker thread
 */
export async function openGroup({ timeout = 60, library }: OpenGroupOptions = {}): Promise<ProcessGroup> {
  const launch = launchOf(process.env);
  if (launch === null) return new SingleGroup();
  const { isMainThread } = process.getBuiltinModule('node:worker_threads');
  if (!isMainThread) throw new StateError('initProcessGroup: only the main thread of a process can be a rank');
  const group = await open(launch, library === undefined ? launch.libraries : [library], timeout);
  if (group.size !== launch.size) {
    group.abort(
      `lanewise: ${launch.launcher} started ${launch.size} processes, but ${group.engine} sees ${group.size}: launcher and library are not of one MPI. ` +
        'Start the job with the launcher of that library, or name its library: initProcessGroup({ library })',
      1,
    );
  }
  await group.findNeighbours();
  checkBinding(launch, group.localSize);
  return group;
}

async function open(launch: Launch, libraries: readonly string[], timeout: number): Promise<MpiGroup> {
  const native = nativeGroup();
  const tried: string[] = [];
  for (const name of libraries) {
    try {
      return await MpiGroup.open(native, name, timeout);
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      tried.push(error.message);
    }
  }
  throw new BackendError(
    `initProcessGroup: ${launch.launcher} started this process, and no MPI library of it can be opened (${tried.join('; ')}). ${launch.install} installs it`,
  );
}

/**
 * Open MPI binds each of two ranks to one core by default, and all threads of a rank with it.
 * @throws BackendError when this process has a single CPU, its launcher several for each rank of this host
 */
function checkBinding({ launcher }: Launch, localSize: number): void {
  if (process.platform !== 'linux') return;
  let [own, theirs] = [0, 0];
  try {
    own = cpusOf(readFileSync('/proc/self/status', 'utf8'));
    theirs = cpusOf(readFileSync(`/proc/${process.ppid}/status`, 'utf8'));
  } catch {
    return; // not to be read: nothing is known of a binding
  }
  if (own !== 1 || theirs < 2 * localSize) return;
  throw new BackendError(
    `initProcessGroup: ${launcher} has bound this process to one of ${theirs} CPUs, so all of its threads share it. Start the job with --bind-to none`,
  );
}
