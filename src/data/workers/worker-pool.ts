/** Worker threads that make batches. */
import type { Worker } from 'node:worker_threads';
import { ArgumentError, BackendError, ShapeError, StateError } from '../../errors.js';
import { workerFile } from '../../ops/backend.js';
import type { Answer, Order, Packed, SentError, WorkerStart } from './messages.js';

const caller = 'DataLoader';
/** What setTimeout takes, in milliseconds. */
const longestTimer = 2 ** 31 - 1;
const kinds: Readonly<Record<string, typeof ArgumentError>> = { ArgumentError, ShapeError, StateError, BackendError };

interface Pending {
  readonly worker: number;
  resolve(batch: Packed): void;
  reject(error: unknown): void;
}

export class WorkerPool {
  readonly #workers: Worker[];
  readonly #pending = new Map<number, Pending>();
  #tickets = 0;
  #failure: { readonly error: unknown } | null = null;
  #waiting = 0;

  /** @param start what the workers are started with; worker i is seeded with the seed + i */
  constructor(start: Omit<WorkerStart, 'id'>) {
    const { Worker } = process.getBuiltinModule('node:worker_threads');
    const entry = workerFile();
    if (entry === null)
      throw new StateError(
        `${caller}: numWorkers needs dist/lib of lanewise's package, which is not here: leave lanewise out of the bundle ` +
          '(esbuild --external:lanewise, externals of webpack, external of rollup) and ship node_modules/lanewise, or set numWorkers to 0',
      );
    this.#workers = Array.from({ length: start.numWorkers }, (_, id) => {
      const workerData: WorkerStart = { ...start, id, seed: start.seed + BigInt(id) };
      const worker = new Worker(entry, { workerData, name: `lanewise data ${id}` });
      worker.on('message', (answer: Answer) => this.#take(id, answer));
      worker.on('error', (error) =>
        this.#fail(new StateError(`${caller}: worker ${id} failed: ${error.message}`, { cause: error })),
      );
      worker.on('exit', (code) => this.#fail(new StateError(`${caller}: worker ${id} ended, with code ${code}`)));
      // A loader that is left lying around does not keep the process alive.
      worker.unref();
      return worker;
    });
  }

  /** Has a batch made; workers take turns. */
  submit(batch: number, seed: bigint, indices: Int32Array): Promise<Packed> {
    const worker = batch % this.#workers.length;
    const ticket = this.#tickets++;
    const made = new Promise<Packed>((resolve, reject) => {
      if (this.#failure !== null) reject(this.#failure.error);
      else this.#pending.set(ticket, { worker, resolve, reject });
    });
    // An error goes to the caller that waits for this batch, if there is one.
    made.catch(() => {});
    const order: Order = { ticket, seed: BigInt.asUintN(64, seed), indices };
    if (this.#failure === null) this.#workers[worker]!.postMessage(order);
    return made;
  }

  /**
   * Keeps the process alive while something is waited for.
   * @param timeout seconds after which the workers are ended; null: never
   */
  async wait<T>(promise: Promise<T>, timeout: number | null): Promise<T> {
    if (this.#waiting++ === 0) for (const worker of this.#workers) worker.ref();
    const stop = () => this.#fail(new StateError(`${caller} timed out after ${timeout} seconds`));
    const timer = timeout === null ? undefined : setTimeout(stop, Math.min(timeout * 1000, longestTimer));
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      if (--this.#waiting === 0) for (const worker of this.#workers) worker.unref();
    }
  }

  get hasFailed(): boolean {
    return this.#failure !== null;
  }

  /** Ends the workers, also in the middle of a batch. */
  async close(): Promise<void> {
    this.#failure ??= { error: new StateError(`${caller}: the workers have been ended`) };
    this.#rejectAll(this.#failure.error);
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #take(worker: number, answer: Answer): void {
    if (answer.ticket === null) {
      this.#fail(received(`${caller}: worker ${worker}:`, (answer as { error: SentError }).error));
      return;
    }
    const pending = this.#pending.get(answer.ticket);
    this.#pending.delete(answer.ticket);
    if ('batch' in answer) pending?.resolve(answer.batch);
    else pending?.reject(received(`${caller}: in worker ${worker}:`, answer.error));
  }

  #fail(error: unknown): void {
    if (this.#failure !== null) return;
    this.#failure = { error };
    this.#rejectAll(error);
    for (const worker of this.#workers) void worker.terminate();
  }

  #rejectAll(error: unknown): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

/** The error of a worker, of the same class where it is one of the library's. */
function received(where: string, { kind, message, cause }: SentError): Error {
  const Kind = Object.hasOwn(kinds, kind) ? kinds[kind]! : Error;
  const bare = message.startsWith(`${caller}: `) ? message.slice(caller.length + 2) : message;
  return new Kind(`${where} ${bare}`, { cause });
}
