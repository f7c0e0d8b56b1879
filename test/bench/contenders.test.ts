import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  contenderIds,
  frameworks,
  nativeContenders,
  pythonContenders,
  tfjsContenders,
} from '../../bench/contenders/contenders.js';
import { InputError } from '../../bench/options.js';
import { ContenderProcess } from '../../bench/runner/process.js';
import { findInPython } from '../../bench/runner/pythons.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lanewise-bench-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A Python that has those of these modules that it is asked for, or ends with a status. */
function python(name: string, modules: string, status = 0): string {
  const file = join(folder, name);
  const answer = `for module in ${modules}; do case "$2" in *\\"$module\\"*) echo $module;; esac; done | xargs`;
  writeFileSync(file, `#!/bin/sh\n${answer}\necho no luck >&2\nexit ${status}\n`);
  chmodSync(file, 0o755);
  return file;
}

describe('contenders', () => {
  it('have ids that can be chosen', () => {
    const inPython = frameworks.flatMap((each) => pythonContenders(each, 'python', [1, 2]));
    expect(inPython.map(({ id, threads }) => [id, threads])).toEqual([
      ['pytorch', 'any'],
      ['pytorch-compile', 'any'],
      ['jax', 1],
      ['jax', 2],
      ['tensorflow', 1],
      ['tensorflow', 2],
    ]);
    for (const { id } of [...nativeContenders('avx2'), ...tfjsContenders(), ...inPython])
      expect(contenderIds).toContain(id);
    expect(inPython.filter(({ compiles }) => compiles).map(({ id }) => id)).toEqual(['pytorch-compile']);
  });
});

describe('findInPython', () => {
  const found = (...options: string[]) => {
    const { contenders, absent } = findInPython(options, [2]);
    return [contenders.map(({ id, command }) => `${id} ${command}`), absent.map(({ id }) => id)];
  };

  it('takes the first Python that has a framework, and names those that none has', () => {
    const [both, last] = [python('both', 'torch jax'), python('last', 'jax tensorflow')];
    expect(found(both)).toEqual([[`pytorch ${both}`, `pytorch-compile ${both}`, `jax ${both}`], ['tensorflow']]);
    const torch = [`pytorch ${both}`, `pytorch-compile ${both}`];
    expect(found(both, last)).toEqual([[...torch, `jax ${both}`, `tensorflow ${last}`], []]);
    expect(found()).toEqual([[], ['pytorch', 'pytorch-compile', 'jax', 'tensorflow']]);
  });

  it('says how to get what is missing', () => {
    const only = python('only', 'torch');
    expect(findInPython([only], [1]).absent[0]?.why).toBe(`${only} cannot import jax: ${only} -m pip install jax`);
    expect(findInPython([], [1]).absent[0]?.why).toContain('--python PATH (python -m pip install torch)');
  });

  it('asks a Python for one framework only where it is told to', () => {
    const jax = python('jax', 'torch jax');
    expect(found(`jax=${jax}`)).toEqual([[`jax ${jax}`], ['pytorch', 'pytorch-compile', 'tensorflow']]);
  });

  it('refuses a Python that does not run or has none of them', () => {
    expect(() => findInPython([python('bare', '')], [1])).toThrow('cannot import torch, jax, tensorflow');
    expect(() => findInPython([python('broken', 'torch', 3)], [1])).toThrow('ended with status 3: no luck');
    expect(() => findInPython(['./nothing'], [1])).toThrow(InputError);
    expect(() => findInPython(['./nothing'], [1])).toThrow('--python: cannot start ./nothing');
  });
});

describe('contender.py', () => {
  const own = fileURLToPath(new URL('../../bench/contenders/python/', import.meta.url));
  const program = (text: string) => {
    const file = join(folder, 'program.py');
    writeFileSync(file, `import sys, time\nsys.path.insert(0, ${JSON.stringify(own)})\n${text}`);
    return file;
  };

  it('answers the protocol as Node contenders do, whatever is printed beside it', async () => {
    const file = program(`
from contender import Contender
def wait(params):
    print("a framework says hello")
    return lambda: time.sleep(params["ms"] / 1000)
threads = []
Contender({"versions": {"fake": "1"}, "threads": 1}, {"wait": wait}, threads.append).serve()
`);
    const contender = { ...nativeContenders('avx2')[0]!, command: 'python3', args: ['-u', file] };
    const process = new ContenderProcess(contender);
    try {
      const description = { versions: { fake: '1' }, threads: 1, programs: ['wait'], backends: [] };
      expect(await process.ask({ do: 'describe' })).toEqual(description);
      await expect(process.ask({ do: 'run', threads: 1, ms: 1 })).rejects.toThrow('nothing is prepared');
      const prepare = { do: 'prepare', case: 'a-case', program: 'wait' } as const;
      expect(await process.ask({ ...prepare, params: { ms: 4 } })).toEqual({});
      const { iterationsPerSample, iterationMs } = await process.ask({ do: 'warmUp', threads: 2, ms: 1 });
      expect([iterationsPerSample, iterationMs >= 4]).toEqual([1, true]);
      const { samplesMs } = await process.ask({ do: 'run', threads: 2, ms: 9 });
      expect(samplesMs.length).toBeGreaterThan(0);
      expect(Math.min(...samplesMs)).toBeGreaterThanOrEqual(4);
      await expect(process.ask({ ...prepare, program: 'dance', params: {} })).rejects.toThrow('no program dance');
      await expect(process.ask({ do: 'peak', threads: 1, ms: 1 })).rejects.toThrow('unknown request peak');
    } finally {
      process.kill();
    }
  });

  it('leaves a process no more CPUs than it is told', () => {
    const text = 'import os\nfrom contender import allow_cpus\nallow_cpus(1)\nprint(len(os.sched_getaffinity(0)))\n';
    expect(spawnSync('python3', [program(text)], { encoding: 'utf8' })).toMatchObject({ status: 0, stdout: '1\n' });
  });
});

describe('TensorFlow.js', () => {
  it('trains: the loss of a fixed batch falls', async () => {
    const { liveTensors, settle, trainStepOf } = await import('../../bench/contenders/tfjs/programs.js');
    expect((await settle('cpu')).version).toMatch(/^\d/);
    const step = trainStepOf({ layers: '4-8-3', batch: 16, optimizer: 'SGD', dropout: 0, learningRate: 0.1 });
    const losses = [await step()];
    const before = liveTensors();
    for (let i = 0; i < 20; i++) losses.push(await step());
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
    expect(liveTensors()).toBe(before);
  });
});
