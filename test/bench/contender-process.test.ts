import { afterEach, describe, expect, it } from 'vitest';
import type { Contender } from '../../bench/contenders/contenders.js';
import { ContenderLost, ContenderProcess } from '../../bench/measure/contender-process.js';
import { fake } from './fixtures.js';

const started: ContenderProcess[] = [];
const start = (contender: Contender) => {
  const process = new ContenderProcess(contender);
  started.push(process);
  return process;
};
afterEach(() => {
  for (const process of started.splice(0)) process.kill();
});

const prepare = { do: 'prepare', case: 'x', program: 'x', params: {} } as const;
const run = { do: 'run', threads: 2, ms: 1 } as const;

describe('ContenderProcess', () => {
  it('asks and hears', async () => {
    const process = start(fake('a'));
    expect(await process.ask(prepare)).toEqual({});
    expect((await process.ask(run)).samplesMs).toEqual([0.5, 1, 1.5]);
  });

  it('passes on what a contender refuses, and can go on asking', async () => {
    const process = start(fake('a', 'refuses'));
    const refused = process.ask(prepare);
    await expect(refused).rejects.toThrow('cannot do that');
    await expect(refused).rejects.not.toBeInstanceOf(ContenderLost);
    expect((await process.ask(run)).samplesMs).toHaveLength(3);
  });

  it('tells how a process ended, with what it said last', async () => {
    const process = start(fake('a', 'dies'));
    const lost = process.ask(run);
    await expect(lost).rejects.toBeInstanceOf(ContenderLost);
    await expect(lost).rejects.toThrow(/^a ended with status 3\nsomething broke$/);
    await expect(process.ask(run)).rejects.toBeInstanceOf(ContenderLost);
  });

  it('gives up on one that leaves the protocol', async () => {
    const process = start(fake('a', 'babbles'));
    await expect(process.ask(prepare)).rejects.toThrow('a said what is not in the protocol: hello');
  });

  it('says when a program cannot be started', async () => {
    const process = start({ ...fake('a'), command: './no-such-program' });
    await expect(process.ask(prepare)).rejects.toThrow(/^a cannot start \.\/no-such-program: /);
  });

  it('ends a process that is computing', async () => {
    const process = start(fake('a', 'hangs'));
    const waiting = process.ask(run);
    process.kill();
    await expect(waiting).rejects.toThrow('a was ended');
  });

  it('refuses a second request before the answer to the first', async () => {
    const process = start(fake('a', 'hangs'));
    const waiting = process.ask(run);
    await expect(process.ask(prepare)).rejects.toThrow('has not answered');
    process.kill();
    await expect(waiting).rejects.toBeInstanceOf(ContenderLost);
  });
});
