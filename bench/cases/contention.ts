/**
 * A compiled step on all threads against the same step on one, by turns of some milliseconds, while other programs take
 * cores away: nothing, a program bound to the last core, one and two that are free to move, and an affinity mask cut to
 * one core while the process runs.
 */
import { execFileSync, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { mean, quantile } from 'simple-statistics';
import { type Figure, figure, type NodeContender, type Study } from '../case.js';
import { batchSizes, prepareTrainStep, trainStep } from '../mlp.js';

const turn = 10;
/** The pool tries again after at most 1.3 s. */
const settle = 500;

/** Makes a situation, and returns what ends it. */
type Begin = () => () => void;

/** Keeps cores busy: those that are named by programs bound to them, else any. */
const burn =
  (...cores: (number | null)[]): Begin =>
  () => {
    const program = [process.execPath, '-e', 'for(;;){}'];
    const children = cores.map((core) => {
      const [command, ...args] = core === null ? program : ['taskset', '-c', String(core), ...program];
      return spawn(command!, args, { stdio: 'ignore' });
    });
    return () => {
      for (const child of children) child.kill();
    };
  };

const setMask = (cores: string) =>
  void execFileSync('taskset', ['-a', '-cp', cores, String(process.pid)], { stdio: 'ignore' });

const cutMask =
  (cores: number): Begin =>
  () => {
    setMask('0');
    return () => setMask(`0-${cores - 1}`);
  };

const situations = (cores: number): Readonly<Record<string, Begin>> => ({
  quiet: burn(),
  'one busy core': burn(cores - 1),
  'one busy program': burn(null),
  'two busy programs': burn(null, null),
  'mask of one core': cutMask(cores),
});

/** Milliseconds of each step on one thread and on all. */
function measure(step: () => void, contender: NodeContender, threads: number, milliseconds: number) {
  const { backend } = contender.library().lanewise;
  const times: { one: number[]; all: number[] } = { one: [], all: [] };
  const end = performance.now() + milliseconds;
  while (performance.now() < end)
    for (const which of ['one', 'all'] as const) {
      backend.threads = which === 'one' ? 1 : threads;
      const until = performance.now() + turn;
      for (let before = performance.now(); before < until; ) {
        step();
        const after = performance.now();
        times[which].push(after - before);
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
    // Without a second thread there is nothing to lose.
    if (threads === 1) return [];
    const figures: Figure[] = [];
    const all = Object.entries(situations(availableParallelism()));
    const milliseconds = (2 * seconds * 1000) / (all.length * batchSizes.length);
    const quiet = new Map<number, number>();
    for (const [name, begin] of all) {
      const end = begin();
      try {
        await sleep(settle);
        for (const batch of batchSizes) {
          const step = prepareTrainStep({ ...params, batch }, { ...contender, compiles: true });
          for (let i = 0; i < 20; i++) step();
          const { one, all: many } = measure(step, contender, threads, milliseconds);
          const [what, p99] = [`batch ${batch}, ${name}`, quantile(many, 0.99)];
          figures.push(figure(`${what}: speed of all threads over one, mean`, mean(one) / mean(many), 'x'));
          if (name === 'quiet') quiet.set(batch, p99);
          else figures.push(figure(`${what}: p99 of all threads over the quiet one`, p99 / quiet.get(batch)!, 'x'));
        }
      } finally {
        end();
        backend.threads = threads;
      }
    }
    return figures;
  },
};

export default contention;
