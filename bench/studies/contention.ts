/**
 * A compiled step on all threads against the same step on one, by turns of some milliseconds, while other programs take
 * cores away.
 */
import { execFileSync, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { mean, quantile } from 'simple-statistics';
import type { Library } from '../contenders/library.js';
import { createStep } from '../contenders/network.js';
import { batchSizes, layerSizes, learningRate } from '../mlp.js';
import type { Figure } from '../protocol.js';
import { figure, type Study } from './study.js';

const network = { layers: layerSizes, optimizer: 'SGD', dropout: 0.5, learningRate } as const;
const turnMs = 10;
/** The pool tries again after at most 1.3 s. */
const settleMs = 500;

/** Makes a situation, and returns what ends it. */
type Begin = () => () => void;

/** Keeps cores busy: those that are named by programs bound to them, else any. */
function burn(...cores: (number | null)[]): Begin {
  const program = [process.execPath, '-e', 'for(;;){}'];
  const spin = (core: number | null) => {
    const [command, ...args] = core === null ? program : ['taskset', '-c', String(core), ...program];
    return spawn(command!, args, { stdio: 'ignore' });
  };
  return () => {
    const children = cores.map(spin);
    return () => children.forEach((child) => void child.kill());
  };
}

/** Leaves this process one core while it runs. */
function cutMask(cores: number): Begin {
  const setMask = (mask: string) =>
    void execFileSync('taskset', ['-a', '-cp', mask, String(process.pid)], { stdio: 'ignore' });
  return () => {
    setMask('0');
    return () => setMask(`0-${cores - 1}`);
  };
}

const situations = (cores: number): Readonly<Record<string, Begin>> => ({
  quiet: burn(),
  'one busy core': burn(cores - 1),
  'one busy program': burn(null),
  'two busy programs': burn(null, null),
  'mask of one core': cutMask(cores),
});

/** Milliseconds of each step on one thread and on all. */
function timeSteps({ backend }: Library['lanewise'], step: () => void, threads: number, milliseconds: number) {
  const times: { one: number[]; all: number[] } = { one: [], all: [] };
  const end = performance.now() + milliseconds;
  while (performance.now() < end)
    for (const which of ['one', 'all'] as const) {
      backend.threads = which === 'one' ? 1 : threads;
      const until = performance.now() + turnMs;
      for (let before = performance.now(); before < until; ) {
        step();
        const after = performance.now();
        times[which].push(after - before);
        before = after;
      }
    }
  return times;
}

export const contention: Study = {
  name: 'contention',
  workload: { shape: layerSizes.join('-'), batch: null, optimizer: network.optimizer },
  async measure({ lanewise }, seconds) {
    const { threads } = lanewise.backend;
    // Without a second thread there is nothing to lose.
    if (threads === 1) return [];
    const figures: Figure[] = [];
    const all = Object.entries(situations(availableParallelism()));
    const milliseconds = (2 * seconds * 1000) / (all.length * batchSizes.length);
    const quiet = new Map<number, number>();
    for (const [name, begin] of all) {
      const end = begin();
      try {
        await sleep(settleMs);
        for (const batch of batchSizes) {
          const { step, input, target } = createStep(lanewise, { ...network, batch });
          const compiled = lanewise.compile(step);
          const once = () => void compiled(input, target);
          for (let i = 0; i < 20; i++) once();
          const times = timeSteps(lanewise, once, threads, milliseconds);
          compiled.dispose();
          const [what, p99] = [`batch ${batch}, ${name}`, quantile(times.all, 0.99)];
          const speedup = mean(times.one) / mean(times.all);
          figures.push(figure(`${what}: speed of all threads over one, mean`, speedup, 'x'));
          if (name === 'quiet') quiet.set(batch, p99);
          else figures.push(figure(`${what}: p99 of all threads over the quiet one`, p99 / quiet.get(batch)!, 'x'));
        }
      } finally {
        end();
        lanewise.backend.threads = threads;
      }
    }
    return figures;
  },
};
