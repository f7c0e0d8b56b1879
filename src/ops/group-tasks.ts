/** What a process group runs, and on what: names and types, without the addon that runs it. */

/** What ranks exchange. The numbers of a Uint16Array are bfloat16, by their bits. */
export type GroupArray = Float32Array | Float64Array | Int32Array | Uint16Array | Uint8Array;

/** The names by which native/distributed/collectives.h knows tasks, by number. */
export const groupTasks = [
  'barrier',
  'allReduce',
  'reduceScatter',
  'allGather',
  'broadcast',
  'program',
  'finalize',
] as const;
export type GroupTask = (typeof groupTasks)[number];

/** Those of native/distributed/reduction.h, by number. */
export const reduceOps: readonly ReduceOp[] = ['sum', 'product', 'min', 'max'];
/** How numbers of ranks are combined. */
export type ReduceOp = 'sum' | 'product' | 'min' | 'max';

/** How a task goes. */
export interface GroupTaskOptions {
  readonly op?: ReduceOp;
  readonly divisor?: number;
  /** How many arrays behind each other are leaves of the tree. */
  readonly parts?: number;
  readonly root?: number;
}

/** Whether this process is a rank of a job, connected and not destroyed. */
export const groupState = { isOpen: false };

/** What carries tasks out: one in a process. */
export interface GroupTasks {
  /**
   * Opens an MPI library and waits until every rank of the job has done so.
   * @param library the name of a shared library, or its path
   * @param timeout seconds, for this and for each collective: after them the job ends with exit code 71
   * @throws BackendError (rejects) when the library cannot be opened, or is none of MPI; when this process has a group, or had one
   */
  open(library: string, timeout: number): Promise<{ rank: number; size: number; engine: string }>;

  /**
   * Says where this rank is, by which sums of programs travel on the program's own thread or on another one.
   * @param cpus how many CPUs of the host each of its ranks has
   * @param sharesHost whether all ranks are on it
   */
  place(cpus: number, sharesHost: boolean): void;

  /**
   * Runs a task after those before it. What `from` holds is copied now; the result is in `to` when the promise resolves.
   * @throws ArgumentError (rejects) for what no group could do
   * @throws StateError (rejects) when another rank does something else
   * @throws BackendError (rejects) when the engine fails, or the group has been closed
   */
  run(
    task: GroupTask,
    options: GroupTaskOptions,
    from: readonly GroupArray[],
    to: readonly GroupArray[],
  ): Promise<void>;

  /** Writes the message to stderr and ends all processes of the job with that exit code. Does not return. */
  abort(message: string, code: number): void;

  /** The same, unless the group has been closed; to be called when the process exits. */
  leave(message: string, code: number): void;
}
