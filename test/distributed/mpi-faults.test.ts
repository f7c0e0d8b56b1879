/**
 * What happens to a job when something happens to one of its ranks: every process ends with a code other than 0, and nothing is left behind. How
 * long that takes is not tested: the machine may be busy.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { type JobOptions, type JobResult, type Launcher, launchers, runRanks, sharedMemory } from './ranks.js';

// A job is killed after a minute (ranks.ts); a test has up to two, on a machine that may be busy.
vi.setConfig({ testTimeout: 150_000 });

/** Rank 1 does `fault` after 20 steps; a step is a collective of all ranks. */
const job = (fault: string, { timeout = 40, before = '' } = {}): string => `
  const { openGroup } = await src('distributed/open-group.ts');
  ${before}
  const group = await openGroup({ timeout: ${timeout} });
  const gradient = new Float32Array(100_000);
  for (let step = 0; ; step++) {
    if (step === 20) console.log('rank ' + group.rank + ' is at step 20');
    if (step === 20 && group.rank === 1) { ${fault} }
    await group.allReduce([gradient]);
  }`;

it.skipIf(launchers.length > 0)('no launcher of MPI is installed: apt-get install openmpi-bin', () => {
  expect(launchers).toEqual([]);
});

describe.each(launchers.map((launcher) => [launcher.name, launcher] as [string, Launcher]))('%s', (name, launcher) => {
  /** @param tells whether the launcher's exit code says that the job failed */
  async function run(code: string, options?: JobOptions, tells = true): Promise<JobResult> {
    const before = sharedMemory();
    const result = await runRanks(launcher, 2, code, options);
    const { end, left, stderr } = result;
    // Open MPI's ranks leave theirs to the launcher, which cannot clear up when it has been killed.
    if (name === 'Open MPI' && end === 'SIGKILL')
      for (const each of sharedMemory()) if (!before.includes(each)) rmSync(join('/dev/shm', each));
    expect({ left, memory: sharedMemory().filter((each) => !before.includes(each)) }, stderr).toEqual({
      left: [],
      memory: [],
    });
    expect(end, stderr).not.toBeNull(); // it had to be killed
    if (tells) expect(end, stderr).not.toBe(0);
    return result;
  }

  it.each([
    ['kill -9', `process.kill(process.pid, 'SIGKILL'); await new Promise(() => setInterval(() => {}, 1000));`],
    ['SIGSEGV', `process.kill(process.pid, 'SIGSEGV'); await new Promise(() => setInterval(() => {}, 1000));`],
    ['SIGTERM', `process.kill(process.pid, 'SIGTERM'); await new Promise(() => setInterval(() => {}, 1000));`],
  ])('%s of a rank', async (_, fault) => {
    await run(job(fault));
  });

  it('a rank that throws', async () => {
    const { stderr } = await run(job(`throw new Error('no such label');`));
    expect(stderr).toContain('no such label');
    expect(stderr).toContain('rank 1 of 2 exits with code 1 before destroyProcessGroup()');
  });

  it('a rank that exits with code 0 in the middle of the job', async () => {
    const { stderr } = await run(job('process.exit(0);'));
    expect(stderr).toContain('rank 1 of 2 exits with code 0 before destroyProcessGroup()');
  });

  it('an error of the library on one rank alone', async () => {
    const fault = `const { functional, tensor, zeros } = await src('index.ts');
      functional.crossEntropy(zeros([1, 3]), tensor([7], { dtype: 'int32' }));`;
    const { stderr } = await run(job(fault));
    expect(stderr).toMatch(/7.*(range|classes|bounds)/i);
  });

  it('a stopped rank: the watchdog of another one names it', async () => {
    const fault = `process.kill(process.pid, 'SIGSTOP'); await new Promise(() => setInterval(() => {}, 1000));`;
    const { end, stderr } = await run(job(fault, { timeout: 3 }));
    expect(end).toBe(71);
    expect(stderr).toMatch(/rank 0 of 2 has waited 3\.\d s for rank 1 in allReduce, longer than the timeout of 3 s/);
  });

  it('a rank whose event loop hangs: the watchdog needs none', async () => {
    const { end, stderr } = await run(job('for (;;);', { timeout: 3 }));
    expect(end).toBe(71);
    expect(stderr).toContain('for rank 1 in allReduce');
  });

  it('a rank that never comes to the start', async () => {
    const before = `if ((process.env.OMPI_COMM_WORLD_RANK ?? process.env.PMI_RANK) === '1') await new Promise(() => setInterval(() => {}, 1000));`;
    const { end, stderr } = await run(job('', { timeout: 3, before }));
    expect(end).toBe(71);
    expect(stderr).toContain('in initProcessGroup');
  });

  // MPICH's launcher hands the first one to the ranks, where a program that listens to it decides, and ends the job at the second. What it
  // ends with then is 0, 2, 255 or a signal, of any program, so that ranks are asked too.
  it.each([
    ['Ctrl-C', '', 1],
    ['Ctrl-C where the program listens to SIGINT', `process.on('SIGINT', () => {});`, name === 'MPICH' ? 2 : 1],
  ] as const)('%s', async (_, before, times) => {
    let sent = 0;
    const interrupt: JobOptions = {
      onLine(line, launcher) {
        if (sent > 0 || !line.includes('step 20')) return;
        const send = (): void => {
          if (launcher.exitCode !== null || launcher.signalCode !== null) return;
          sent++;
          process.kill(-launcher.pid!, 'SIGINT');
          if (sent < times) setTimeout(send, 1000);
        };
        send();
      },
    };
    const tellsExit = `process.on('exit', (code) => report({ code }));`;
    const { reported } = await run(job('', { before: tellsExit + before }), interrupt, name !== 'MPICH');
    expect(sent).toBe(times);
    expect(reported).not.toContainEqual({ code: 0 });
  });

  it('kill -9 of the launcher', async () => {
    let isSent = false;
    const { end } = await run(job('', { timeout: 3 }), {
      onLine(line, launcher) {
        if (isSent || !line.includes('step 20')) return;
        isSent = launcher.kill('SIGKILL');
      },
    });
    expect(isSent).toBe(true);
    expect(end).toBe('SIGKILL');
  });

  it.runIf(name === 'Open MPI')('a launcher of another library: every rank would be alone', async () => {
    // What Open MPI's library sees without Open MPI's launcher; the variable is what tells the size of the job.
    const code = `const { openGroup } = await src('distributed/open-group.ts');
      for (const name of Object.keys(process.env)) if (/^(OMPI|PMIX|OPAL)/.test(name)) delete process.env[name];
      process.env.PMI_SIZE = '2';
      await openGroup({ timeout: 40, library: 'libmpi.so.40' });
      report(['went on']);`;
    const { reported, stderr } = await run(code);
    expect(reported).toEqual([]);
    expect(stderr).toMatch(/MPICH's mpiexec started 2 processes, but Open MPI .* sees 1: launcher and library/);
  });
});
