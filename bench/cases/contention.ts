/**
 * A compiled step on all threads against the same step on one, by turns of some milliseconds, while other programs take
 * cores away: nothing, a program bound to the last core, one and two that are free to move, and an affinity mask cut to
 * one core while the process runs.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { mean, quantile } from 'simple-statistics';
import { type Figure, figure, type NodeContender, type Study } from '../case.js';
import { batchSizes, prepareTrainStep, trainStep } from '../mlp.js';

const turn = 10;
/** The pool tries again after at most 1.3 s. */
const settle = 500;

interface Times {
  readonly one: number[];
  readonly all: number[];
}

/** Keeps a core busy, or one core in particular. */
function burn(core: number | null): ChildProcess {
  const program = [process.execPath, '-e', 'for(;;){}'];
  const command = core === null ? program : ['taskset', '-c', String(core), ...program];
  return spawn(command[0]!, command.slice(1), { stdio: 'ignore' });
}

function setMask(cores: string): void {
  execFileSync('taskset', ['-a', '-cp', cores, String(process.pid)], { stdio: 'ignore' });
}

/** The situations: each makes itself and returns what ends it. */
function situations(cores: number): [name: string, begin: () => () => void][] {
  const burners =
    (...on: (number | null)[]) =>
    () => {
      const children = on.map(burn);
      return () => {
        for (const child of children) child.kill();
      };
    };
  return [
    ['quiet', () => () => {}],
    ['one busy core', burners(cores - 1)],
    ['one busy program', burners(null)],
    ['two busy programs', burners(null, null)],
    [
      'mask of one core',
      () => {
        setMask('0');
        return () => setMask(`0-${cores - 1}`);
      },
    ],
  ];
}

function measure(step: () => void, contender: NodeContender, threads: number, milliseconds: number): Times {
  const { backend } = contender.library().lanewise;
  const times: Times = { one: [], all: [] };
  const end = performance.now() + milliseconds;
  while (performance.now() < end)
    for (const [count, into] of [
      [1, times.one],
      [threads, times.all],
    ] as const) {
      backend.threads = count;
      const until = performance.now() + turn;
      for (let before = performance.now(); before < until; ) {
        step();
        const after = performance.now();
        into.push(after - before);
        before = after;
      }
    }
  return times;
}

const contention: Study = {
  name: 'contention',
  contenders: 'study',
  workloads: [trainStep({}, { batch: null, program: null })],
  duration: (seconds) => 2 * seconds + 10,
  async measure(params, contender, seconds) {
    const { backend } = contender.library().lanewise;
    const { threads } = backend;
    const cores = availableParallelism();
    // Without a second thread there is nothing to lose.
    if (threads === 1) return [];
    const compiling = { ...contender, compiles: true, library: () => contender.library() };
    const figures: Figure[] = [];
    const all = situations(cores);
    const milliseconds = (2 * seconds * 1000) / (all.length * batchSizes.length);
    const quiet = new Map<number, number>();
    try {
      for (const [name, begin] of all) {
        const end = begin();
        try {
          await sleep(settle);
          for (const batch of batchSizes) {
            const step = prepareTrainStep({ ...params, batch }, compiling);
            for (let i = 0; i < 20; i++) step();
            const times = measure(step, contender, threads, milliseconds);
            const p99 = quantile(times.all, 0.99);
            const what = `batch ${batch}, ${name}`;
            figures.push(
              figure(`${what}: speed of all threads over one, mean`, mean(times.one) / mean(times.all), 'x'),
            );
            if (name === 'quiet') quiet.set(batch, p99);
            else figures.push(figure(`${what}: p99 of all threads over the quiet one`, p99 / quiet.get(batch)!, 'x'));
          }
        } finally {
          end();
        }
      }
    } finally {
      backend.threads = threads;
    }
    return figures;
  },
};

export default contention;
