import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { workloads } from '../../bench/cases.js';
import { contenderIds, frameworks, nodeContender, pythonContenders } from '../../bench/contenders/contenders.js';
import { sample } from '../../bench/contenders/serve.js';
import { InputError } from '../../bench/options.js';
import { ContenderProcess } from '../../bench/runner/process.js';
import { findInPython } from '../../bench/runner/pythons.js';
import { fake, temporaryFolder } from './fixtures.js';

const folder = temporaryFolder();
const bench = fileURLToPath(new URL('../../bench/', import.meta.url));
const write = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};

describe('the list', () => {
  it('has those that workloads name, and a process for each number of threads where there must be one', () => {
    for (const { contenders } of workloads) expect(contenderIds).toEqual(expect.arrayContaining([...contenders]));
    const inPython = frameworks.flatMap((each) => pythonContenders(each, 'python', [1, 2]));
    expect(inPython.map(({ id, threads, args }) => [id, threads, args.at(-1)])).toEqual([
      ['pytorch', 'any', 'eager'],
      ['pytorch-compile', 'any', 'compile'],
      ['pytorch-channels-last', 'any', 'channels-last'],
      ['jax', 1, '1'],
      ['jax', 2, '2'],
      ['tensorflow', 1, '1'],
      ['tensorflow', 2, '2'],
    ]);
    for (const { id } of inPython) expect(contenderIds).toContain(id);
    expect(nodeContender('native', 'avx2')).toMatchObject({ threads: 'any', peak: true, isa: 'avx2' });
    expect(nodeContender('tfjs-cpu')).toMatchObject({ threads: 'one', peak: false, isa: null });
  });

  it.each(frameworks)('has code for every program in $program', ({ program: file, ids }) => {
    const sources = [file, 'contender.py'].map((name) => readFileSync(`${bench}contenders/python/${name}`, 'utf8'));
    const own = workloads.filter(({ contenders }) => contenders.some((id) => id in ids));
    expect(own.length).toBeGreaterThan(10);
    for (const { program } of own)
      expect(sources.join('\n')).toContain(`    def ${program.replaceAll('-', '_')}(self, `);
  });
});

describe('findInPython', () => {
  /** A Python that has those of these modules that it is asked for, or ends with a status. */
  function python(name: string, modules: string, status = 0): string {
    const answer = `for module in ${modules}; do case "$2" in *\\"$module\\"*) echo $module;; esac; done | xargs`;
    const file = write(name, `#!/bin/sh\n${answer}\necho no luck >&2\nexit ${status}\n`);
    chmodSync(file, 0o755);
    return file;
  }
  const [both, last, only] = [python('both', 'torch jax'), python('last', 'jax tensorflow'), python('only', 'torch')];
  const torch = [`pytorch ${both}`, `pytorch-compile ${both}`, `pytorch-channels-last ${both}`];

  it.each<[string[], string[], string[]]>([
    [[both], [...torch, `jax ${both}`], ['tensorflow']],
    [[both, last], [...torch, `jax ${both}`, `tensorflow ${last}`], []],
    [[`jax=${both}`], [`jax ${both}`], ['pytorch', 'pytorch-compile', 'pytorch-channels-last', 'tensorflow']],
    [[], [], ['pytorch', 'pytorch-compile', 'pytorch-channels-last', 'jax', 'tensorflow']],
  ])('takes the first Python that has a framework: %j', (options, found, missing) => {
    const { contenders, absent } = findInPython(options, [2]);
    expect(contenders.map(({ id, command }) => `${id} ${command}`)).toEqual(found);
    expect(absent.map(({ id }) => id)).toEqual(missing);
  });

  it('says how to get what is missing', () => {
    expect(findInPython([only], [1]).absent[0]?.why).toBe(`${only} cannot import jax: ${only} -m pip install jax`);
    expect(findInPython([], [1]).absent[0]?.why).toContain('--python PATH (python -m pip install torch)');
  });

  it.each([
    [python('bare', ''), 'cannot import torch, jax, tensorflow'],
    [python('broken', 'torch', 3), 'ended with status 3: no luck'],
    ['./nothing', '--python: cannot start ./nothing'],
  ])('refuses a Python that does not run or has none of them: %s', (path, message) => {
    expect(() => findInPython([path], [1])).toThrow(InputError);
    expect(() => findInPython([path], [1])).toThrow(message);
  });
});

describe('the protocol', () => {
  const inNode = `
    import { serve } from ${JSON.stringify(pathToFileURL(`${bench}contenders/serve.ts`).href)};
    const gemm = ({ ms }) => {
      if (ms === undefined) throw new Error('too large');
      return () => new Promise((resolve) => setTimeout(resolve, ms + 1));
    };
    const description = { versions: {}, isa: null, threads: 1, threadSource: 'told', notes: [] };
    let threads = 0;
    const peak = ({ ms }) => ({ gflops: threads * ms });
    await serve({ description, programs: { gemm }, setThreads: (count) => (threads = count), more: { peak } });`;
  const inPython = `
import sys, time
sys.path.insert(0, ${JSON.stringify(`${bench}contenders/python`)})
from contender import Contender
class Waiting(Contender):
    def gemm(self, ms=None):
        print("a framework says hello")
        if ms is None: raise ValueError("too large")
        return lambda: time.sleep(ms / 1000)
    def set_threads(self, count): self.threads = count
    def answer_peak(self, request): return {"gflops": self.threads * request["ms"]}
Waiting(versions={}, threads=1, threadSource="told", notes=[]).serve()
`;
  const node = ['--import', import.meta.resolve('tsx')];
  it.each<[string, string, string[]]>([
    ['Node', process.execPath, [...node, write('contender.mjs', inNode)]],
    ['Python', 'python3', ['-u', write('fake.py', inPython)]],
  ])('is answered the same way in %s', async (_language, command, args) => {
    const contender = new ContenderProcess({ ...fake('a'), command, args });
    try {
      const description = { isa: null, threads: 1, threadSource: 'told', notes: [] };
      expect(await contender.start()).toMatchObject(description);
      const run = { threads: 3, perSample: 2, ms: 9 };
      await expect(contender.ask('run', run)).rejects.toThrow('nothing is prepared');
      await expect(contender.ask('prepare', { program: 'dance', params: {} })).rejects.toThrow('no program dance');
      await expect(contender.ask('study', { name: 'x', seconds: 1 })).rejects.toThrow('unknown request study');
      expect(await contender.ask('prepare', { program: 'gemm', params: { ms: 4 } })).toEqual({});
      const { samplesMs } = await contender.ask('run', run);
      expect(samplesMs.length).toBeLessThan(3);
      expect(Math.min(...samplesMs)).toBeGreaterThanOrEqual(4);
      expect(await contender.ask('peak', { threads: 1, ms: 5 })).toEqual({ gflops: 15 });
      // What is refused leaves nothing of the program before.
      await expect(contender.ask('prepare', { program: 'gemm', params: {} })).rejects.toThrow('too large');
      await expect(contender.ask('run', run)).rejects.toThrow('nothing is prepared');
    } finally {
      contender.kill();
    }
  });

  it.each([
    [0.25, 4, 10, Array(10).fill(0.25)],
    [1000, 1, 10, [1000]],
    [5, 2, 15, [5, 5]],
  ])('gives means of iterations of %d ms, %d a sample, for %d ms', async (ms, perSample, length, expected) => {
    let now = 0;
    const iterate = () => new Promise<void>((resolve) => setImmediate(() => resolve(void (now += ms))));
    expect(await sample(iterate, perSample, length, () => now)).toEqual(expected);
    expect(
      await sample(
        () => void (now += ms),
        perSample,
        length,
        () => now,
      ),
    ).toEqual(expected);
  });
});

describe('TensorFlow.js', () => {
  it('trains: the loss of a fixed batch falls, and no tensor is left', async () => {
    const { liveTensors, tfjs, trainStepOf } = await import('../../bench/contenders/tfjs.js');
    expect((await tfjs('cpu')).description.versions.tfjs).toMatch(/^\d/);
    const step = trainStepOf({ layers: [4, 8, 3], batch: 16, optimizer: 'SGD', dropout: 0, learningRate: 0.1 });
    const losses = [await step()];
    const before = liveTensors();
    for (let i = 0; i < 20; i++) losses.push(await step());
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
    expect(liveTensors()).toBe(before);
  });
});
