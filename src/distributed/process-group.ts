/** The group that a process belongs to: made once, looked up by all that is distributed. */
import { checkNumber, checkOneOf, checkOptions, show } from '../check.js';
import { ArgumentError, StateError } from '../errors.js';
import { holds } from '../realm.js';
import type { ProcessGroup } from './group.js';
import { openGroup } from './open-group.js';
import { SingleGroup } from './single-group.js';

/** Options of {@link initProcessGroup}. */
export interface InitProcessGroupOptions {
  /** What connects the processes. Default `'mpi'`: the library of the launcher's MPI. */
  backend?: 'mpi';
  /** How long a rank waits for the others, in seconds, before it ends the whole job with an error. Default 1800, as PyTorch's 30 minutes. */
  timeout?: number;
}

let group: ProcessGroup | null = null;
let isStarting = false;
let wasDestroyed = false;

/**
 * Joins the processes that a launcher has started (`mpirun -n 4 node train.js`). Without a launcher the world is this process alone, so a program runs the same
 * way on one process. Once in a process, before anything else of `distributed`.
 *
 * As {@link https://docs.pytorch.org/docs/stable/distributed.html#torch.distributed.init_process_group | torch.distributed.init_process_group}; rank and size
 * come from the launcher.
 * @throws ArgumentError for options that are not valid; StateError for a second call; BackendError where the engine is missing or does not fit the
 * launcher. As rejections.
 */
export async function initProcessGroup(options?: InitProcessGroupOptions): Promise<void> {
  const caller = 'initProcessGroup';
  const { backend = 'mpi', timeout = 1800 } = checkOptions(caller, options, ['backend', 'timeout']);
  if (!(checkNumber(caller, 'timeout', timeout) > 0))
    throw new ArgumentError(`${caller}: timeout must be a positive number of seconds, got ${show(timeout)}`);
  if (group !== null || isStarting) throw new StateError('trying to initialize the default process group twice!');
  if (wasDestroyed)
    throw new StateError(`${caller}: the process group has been destroyed, and an engine starts once in a process`);
  checkOneOf(caller, 'backend', backend, ['mpi']);
  isStarting = true;
  try {
    group = await openGroup({ timeout });
  } finally {
    isStarting = false;
  }
}

/** Whether {@link initProcessGroup} has settled, and {@link destroyProcessGroup} has not been called. As `torch.distributed.is_initialized`. */
export function isInitialized(): boolean {
  return group !== null;
}

/** The number of this process among all of the job, from 0 on. As `torch.distributed.get_rank`. @throws StateError before {@link initProcessGroup}. */
export function getRank(): number {
  return defaultGroup().rank;
}

/** How many processes the job has. As `torch.distributed.get_world_size`. @throws StateError before {@link initProcessGroup}. */
export function getWorldSize(): number {
  return defaultGroup().size;
}

/**
 * The number of this process among those of its machine, from 0 on. As `torch.distributed.get_node_local_rank`.
 * @throws StateError before {@link initProcessGroup}.
 */
export function getLocalRank(): number {
  return defaultGroup().localRank;
}

/** Leaves the job, once all ranks do. As `torch.distributed.destroy_process_group`. @throws StateError before {@link initProcessGroup}, as a rejection. */
export async function destroyProcessGroup(): Promise<void> {
  const own = defaultGroup();
  await own.destroy();
  group = null;
  wasDestroyed = !(own instanceof SingleGroup);
}

/** The group of this process. @throws StateError, in PyTorch's words, before there is one. @internal */
export function defaultGroup(): ProcessGroup {
  if (group !== null) return group;
  throw new StateError(
    'Default process group has not been initialized, please make sure to call init_process_group (await distributed.initProcessGroup()).',
  );
}

/** The group itself, or that of the process. @throws ArgumentError for anything else. @internal */
export function groupOf(caller: string, given: ProcessGroup | undefined): ProcessGroup {
  if (given === undefined) return defaultGroup();
  if (holds(given, 'allReduce') && typeof given.allReduce === 'function' && Number.isSafeInteger(given.size))
    return given;
  throw new ArgumentError(`${caller}: processGroup must be a ProcessGroup, got ${show(given)}`);
}
