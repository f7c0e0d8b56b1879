/**
 * What the tests of this folder do in a separate process: `node scenarios.mjs NAME`. Every line on standard output is
 * something that happened. Bundled by process.ts.
 */

import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, threadId, Worker, workerData } from 'node:worker_threads';
import { contents, createTraining, nativeFactory, sleep, type Training, until } from './work.js';

const forever = Number.MAX_SAFE_INTEGER;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Jobs of both priorities without an end and a long shuffle, all running. */
async function startEverything(): Promise<Training> {
  const factory = nativeFactory();
  const training = createTraining(factory, { n: 1000, size: 128 });
  const other = createTraining(factory, { n: 1000, size: 128 });
  const jobs = [
    training.program.submit(training.call({ times: forever })),
    other.program.submit(other.call({ times: forever, priority: 'background' })),
  ];
  void factory.shuffle(factory.createBuffer('int32', 30_000_000), 1n);
  await until(() => jobs.every((job) => job.progress().runs > 0));
  return training;
}

/** Starts all, then says so and does `what`. */
async function amidst(what: () => void): Promise<void> {
  await startEverything();
  say('running');
  what();
}

const onProcess: Readonly<Record<string, () => Promise<void>>> = {
  exit: () => amidst(() => process.exit(7)),
  'uncaught error': () =>
    amidst(() =>
      setImmediate(() => {
        throw new Error('thrown by the host');
      }),
    ),
  'unhandled rejection': () => amidst(() => void Promise.reject(new Error('rejected by the host'))),
  signal: () => amidst(() => {}),
  'exit inside a synchronous run of an exit handler': () =>
    amidst(() => {
      process.once('exit', () => {
        const { program, weights, call } = createTraining(nativeFactory());
        program.run(call());
        say(`weights ${contents(weights)[0]}`);
      });
      process.exit(7);
    }),

  async 'exit in the callback of a job'() {
    const { program, call } = await startEverything();
    say('running');
    await program.submit(call()).done;
    process.exit(7);
  },

  async 'a handled signal'() {
    const { program, call } = createTraining(nativeFactory(), { size: 128 });
    const job = program.submit(call({ times: forever, priority: 'background' }));
    process.once('SIGTERM', () => job.stop());
    await until(() => job.progress().runs > 0);
    say('running');
    say(`settled ${(await job.done) > 0}`);
  },

  async 'nothing left to do'() {
    const factory = nativeFactory();
    const { program, weights, call } = createTraining(factory);
    await program.submit(call({ times: 3 })).done;
    await program.submit(call({ times: 3, priority: 'background' })).done;
    await factory.shuffle(factory.createBuffer('int32', 10), 1n);
    say(`weights ${contents(weights)[0]}`);
  },

  async 'nothing left but a job'() {
    const { program, call } = createTraining(nativeFactory(), { size: 128 });
    void program.submit(call({ times: 200 })).done.then((runs) => say(`settled ${runs}`));
  },

  async 'an exit event that is not the end'() {
    const { program, call } = createTraining(nativeFactory());
    const job = program.submit(call({ times: forever }));
    await until(() => job.progress().runs > 0);
    process.emit('exit', 0); // some libraries do
    say(`settled ${(await job.done) > 0}`);
    say(`settled ${await program.submit(call({ times: 3 })).done}`);
  },

  async 'four workers at once'() {
    const answers = [1, 2, 3, 4].map(async (n) => {
      const worker = startWorker('compute', n);
      return new Promise<unknown>((resolve, reject) => worker.once('message', resolve).once('error', reject));
    });
    say(`answers ${(await Promise.all(answers)).join(' ')}`);
  },

  /** Workers with work of every kind, ended at all kinds of moments. */
  async 'workers terminated'() {
    const rounds = Number(process.argv[3]);
    const peaks: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const workers = [startWorker('everything', round), startWorker('sync', round)];
      if (round % 4 === 0)
        await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))));
      await sleep(((round * 37) % 97) * 1.5);
      const codes = await Promise.all(workers.map((worker) => worker.terminate()));
      if (codes.some((code) => code !== 1 && code !== 0)) say(`codes ${codes}`);
      peaks.push(process.memoryUsage().rss);
    }
    await threadsBack();
    const half = peaks.slice(Math.floor(rounds / 2));
    say(`grown ${Math.round((Math.max(...half) - Math.max(...peaks.slice(0, Math.ceil(rounds / 2)))) / 2 ** 20)}`);
    const { program, call } = createTraining(nativeFactory());
    say(`settled ${await program.submit(call({ times: 3 })).done}`);
  },

  async 'a worker that exits'() {
    for (const [how, expected] of [
      ['exit', 7],
      ['throw', 1],
      ['return', 0],
    ] as const) {
      const worker = startWorker(how);
      const error = new Promise((resolve) => worker.once('error', resolve));
      const code = await new Promise((resolve) => worker.once('exit', resolve));
      say(`${how} ${code === expected ? 'well' : code}`);
      if (how === 'throw') say(String(await error));
    }
    await threadsBack();
  },
};

const onWorker: Readonly<Record<string, (n: number) => Promise<void>>> = {
  async compute(n) {
    const { program, weights, call } = createTraining(nativeFactory(), { size: 64 });
    const jobs = (['normal', 'background'] as const).map((priority) =>
      program.submit(call({ times: 50 * n, priority })),
    );
    await Promise.all(jobs.map(({ done }) => done));
    parentPort!.postMessage(contents(weights)[0]);
  },
  async everything() {
    await startEverything();
    parentPort!.postMessage('running');
  },
  async sync() {
    const { program, weights, call } = createTraining(nativeFactory(), { n: 1_000_000, size: 64 });
    void program.submit(call({ times: forever }));
    parentPort!.postMessage('running');
    for (;;) {
      program.run(call());
      contents(weights);
      await program.submit(call()).done;
    }
  },
  exit: () => amidst(() => process.exit(7)),
  throw: () =>
    amidst(() => {
      throw new Error('thrown in the worker');
    }),
  async return() {
    const { program, call } = createTraining(nativeFactory());
    await program.submit(call()).done;
  },
};

function startWorker(name: string, n = 0): Worker {
  return new Worker(fileURLToPath(import.meta.url), { workerData: { name, n }, stdout: true });
}

/** Waits until runner threads of environments that are gone have gone too. */
async function threadsBack(): Promise<void> {
  if (process.platform !== 'linux') return;
  const { readdirSync, readFileSync } = await import('node:fs');
  const count = (): number =>
    readdirSync('/proc/self/task').filter((task) => {
      try {
        return readFileSync(`/proc/self/task/${task}/comm`, 'utf8').trim() === 'lanewise';
      } catch {
        return false; // gone in between
      }
    }).length;
  const { availableParallelism } = await import('node:os');
  // What stays: the workers of the two pools, which all environments share.
  const stays = 2 * (availableParallelism() - 1);
  await until(() => count() <= stays);
  say(`threads ${threadId}`);
}

if (isMainThread) {
  // After the module has been evaluated: until then Node has its own exit listener.
  setImmediate(() => void onProcess[process.argv[2]!]!());
} else {
  const { name, n } = workerData as { readonly name: string; readonly n: number };
  void onWorker[name]!(n);
}
