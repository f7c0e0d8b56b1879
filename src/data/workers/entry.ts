/** What a worker thread of a DataLoader runs. */
import { ArgumentError, BackendError, ShapeError, StateError } from '../../errors.js';
import { backend } from '../../ops/backend.js';
import { manualSeed } from '../../random/generator.js';
import { holds } from '../../realm.js';
import { collateNamed } from '../collate.js';
import { type Dataset, TensorDataset } from '../dataset.js';
import { ConcatDataset } from '../sampling/subset.js';
import { type Answer, type Order, pack, type SentError, type WorkerStart } from './messages.js';
import { exportOf, makeDataset } from './module-dataset.js';
import { setWorkerInfo } from './worker-info.js';

const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads');
const port = parentPort!;
const start = workerData as WorkerStart;
const caller = 'DataLoader';

type Make = (indices: Int32Array) => Promise<{ batch: unknown; isOwn: boolean }>;

async function begin(): Promise<Make> {
  backend.use(start.backend);
  // The loader's threads are the workers.
  backend.threads = 1;
  const { sources, id, numWorkers, seed } = start;
  manualSeed(seed);
  const made: Dataset<unknown>[] = [];
  // One after the other: what they draw is in the order of the loader's.
  for (const source of sources.all) made.push(await makeDataset<unknown>(caller, source));
  const dataset = sources.areJoined ? new ConcatDataset(made) : made[0]!;
  setWorkerInfo({ id, numWorkers, seed, dataset });
  const init = await functionOf('workerInitFn', start.workerInitFn);
  manualSeed(seed);
  await init?.(id);
  return maker(dataset, await functionOf('collateFn', start.collateFn));
}

async function functionOf(option: string, name: string | null): Promise<((argument: unknown) => unknown) | null> {
  if (name === null) return null;
  const { url } = start.sources.all[0]!;
  const found = await exportOf(`${caller}: ${option}`, url, name);
  if (typeof found === 'function') return found as (argument: unknown) => unknown;
  throw new ArgumentError(`${caller}: ${option} must name a function of ${url}; '${name}' is none`);
}

/** Samples and batches may be promises here. */
function maker(dataset: Dataset<unknown>, collate: ((samples: unknown) => unknown) | null): Make {
  const samplesOf = (indices: Int32Array) => Promise.all(Array.from(indices, (index) => dataset.get(index)));
  if (start.asSamples) return async (indices) => ({ batch: await samplesOf(indices), isOwn: false });
  if (collate !== null) return async (indices) => ({ batch: await collate(await samplesOf(indices)), isOwn: false });
  // A ConcatDataset's batch is one of samples too, and does not wait for them.
  if (dataset.getBatch !== undefined && !start.sources.areJoined)
    return async (indices) => ({ batch: await dataset.getBatch!(indices), isOwn: dataset instanceof TensorDataset });
  return async (indices) => ({
    batch: collateNamed(caller, await samplesOf(indices), (i) => indices[i]!),
    isOwn: true,
  });
}

const kinds = { ArgumentError, ShapeError, StateError, BackendError };

function sent(error: unknown): SentError {
  const kind = Object.entries(kinds).find(([, Kind]) => error instanceof Kind)?.[0] ?? 'Error';
  const message = String(holds(error, 'message') ? error.message : error);
  try {
    return { kind, message, cause: structuredClone(error) };
  } catch {
    return { kind, message, cause: message };
  }
}

const send = (answer: Answer, transfer: ArrayBuffer[] = []): void => port.postMessage(answer, transfer);

const ready = begin();
// Said at once, even when nothing is asked for.
ready.catch((error: unknown) => send({ ticket: null, error: sent(error) }));

/** One batch after the other: what an async `get` draws belongs to its batch. */
let before: Promise<unknown> = ready;
port.on('message', ({ ticket, seed, indices }: Order) => {
  before = before.then(async () => {
    const make = await ready;
    try {
      manualSeed(seed);
      const { batch, isOwn } = await make(indices);
      const { packed, transfer } = pack(batch, isOwn);
      send({ ticket, batch: packed }, transfer);
    } catch (error) {
      send({ ticket, error: sent(error) });
    }
  });
  before.catch(() => {});
});
