/** Every public function and class has a row in the table of bad input. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { callables } from '../fuzz/callables.js';
import { root } from '../helpers/built.js';
import { makeFixture } from './fixture.js';
import type { Row } from './row.js';
import { rows } from './rows/index.js';

/** What rejects, or needs files, other processes or threads: the test file that has its bad input. */
const elsewhere: Readonly<Record<string, readonly string[]>> = {
  'test/data/table/table-stream.test.ts': ['data.fromCsv', 'data.fromRows'],
  'test/data/workers.test.ts': ['data.fromModule', 'data.getWorkerInfo'],
  'test/distributed/collectives.test.ts': [
    ...['allGather', 'allReduce', 'barrier', 'broadcast', 'reduceScatter', 'getLocalRank', 'getRank', 'getWorldSize'],
    ...['initProcessGroup', 'destroyProcessGroup', 'isInitialized'],
  ].map((name) => `distributed.${name}`),
  'test/distributed/data-parallel.test.ts': ['nn.parallel.DistributedDataParallel'],
  'test/io/checkpoint.test.ts': ['io.loadCheckpoint', 'io.saveCheckpoint'],
  'test/io/safetensors.test.ts': ['io.load'],
  'test/io/tfjs.test.ts': ['io.loadTfjs'],
  'test/train/logs/plot.test.ts': ['plot'],
};

/** What takes no argument, or is made by the library alone. */
const without = [
  ...['isGradEnabled', 'isInferenceModeEnabled', 'TerminateOnNaN', 'nn.IncompatibleKeys', 'data.ModuleDataset'],
  ...['data.TableStream', 'nn.utils.rnn.PackedSequence', 'Expression'],
  ...['optim.swaUtils.getSwaAvgFn', 'optim.swaUtils.getSwaMultiAvgFn'],
];

const fixture = makeFixture();
const exported = callables(fixture)
  .map(({ name }) => name.replace(/^new /, ''))
  // Methods of the fixture's objects, and settings.
  .filter((name) => !/^\w+\.[~\w]+( =)?$/.test(name) || !(name.split('.')[0]! in { ...fixture, backend: 1 }));
const lastOf = (name: string) => name.split('.').at(-1)!;

/** How rows may call an export: `nn.init.ones_`, `init.ones_`, `ones_`; functions as `F.relu` too. */
const callsOf = (name: string) => {
  const parts = name.split('.');
  return [...parts.map((_, i) => parts.slice(i).join('.')), name.replace(/^functional\./, 'F.')];
};

/** What a row is about: its name begins with it, or with a method of it, or its message does. */
function subjectsOf({ name, message }: Row): string[] {
  const [, ofName = ''] = name.match(/^(?:new )?([\w.]+)(?=[(:,]| of | with(?:out)? | is called |$)/) ?? [];
  const [, ofMessage = ''] = String(message).match(/^\/?\^?([\w.]+)\\?[(:]/) ?? [];
  const [, itsClass = ''] = ofName.match(/^(.*\b[A-Z]\w*)\.\w+$/) ?? [];
  return [ofName, ofMessage, itsClass];
}

describe('bad input', () => {
  it('has a row for every export', () => {
    const subjects = new Set(rows.flatMap(subjectsOf));
    const excused = new Set([...without, ...Object.values(elsewhere).flat()]);
    const missing = exported.filter((name) => !callsOf(name).some((call) => subjects.has(call)) && !excused.has(name));
    expect(exported.length).toBeGreaterThan(400);
    expect(missing).toEqual([]);
  });

  it.each(Object.entries(elsewhere))('is in %s', (path, names) => {
    const text = readFileSync(join(root, path), 'utf8');
    expect(exported).toEqual(expect.arrayContaining([...names]));
    for (const name of names) expect(text).toMatch(new RegExp(`\\b${lastOf(name)}\\(`));
  });
});
