// Workers of node:cluster, each of which would take all CPUs: they are told to divide, once, unless a number of threads is set.
import { expect, it } from 'vitest';
import { runChild } from '../helpers/child.js';

interface Found {
  readonly threads: number;
  readonly threadSource: string;
  readonly warnings: readonly unknown[];
}

/** What two workers find at their first ops: one with nothing set, one with `env`. */
async function workers(before: string, env: Readonly<Record<string, string>> = {}): Promise<readonly Found[]> {
  const worker = `
    const warnings = [];
    process.on('warning', ({ name, code, message }) => warnings.push({ name, code, message }));
    const { backend, currentOps } = await src('ops/backend.ts');
    ${before}
    currentOps();
    currentOps();
    const { threads, threadSource } = backend.info();
    setImmediate(() => process.send({ threads, threadSource, warnings }));`;
  const primary = `
    const { default: cluster } = await import('node:cluster');
    const { mkdtempSync, rmSync, writeFileSync } = await import('node:fs');
    const { tmpdir } = await import('node:os');
    const { join } = await import('node:path');
    const folder = mkdtempSync(join(tmpdir(), 'lanewise-cluster-'));
    const exec = join(folder, 'worker.mjs');
    writeFileSync(exec, 'const src = ' + src + ';' + ${JSON.stringify(worker)});
    cluster.setupPrimary({ exec, execArgv: [] });
    const found = await Promise.all([{}, ${JSON.stringify(env)}].map((env) => new Promise((resolve, reject) => {
      const worker = cluster.fork(env);
      worker.once('message', (message) => { worker.disconnect(); resolve(message); });
      worker.once('exit', (code) => reject(new Error('exit ' + code)));
    })));
    rmSync(folder, { recursive: true });
    const { backend } = await src('ops/backend.ts');
    const { threads, threadSource } = backend.info();
    report([...found, { threads, threadSource, warnings: [] }]);`;
  return (await runChild(primary)).reported as Found[];
}

const divide = 'set LANEWISE_NUM_THREADS to the number of CPUs divided by that of workers';

it('a worker of a cluster advises to divide the CPUs, in one warning; one with a number of threads says nothing', async () => {
  const [plain, set, primary] = await workers('', { LANEWISE_NUM_THREADS: '2' });
  const many = primary!.threads > 1;
  expect(primary!.threadSource).not.toContain(divide);
  expect(plain).toEqual({
    threads: primary!.threads,
    threadSource: many
      ? `${primary!.threadSource}; each worker of the cluster has as many: ${divide}`
      : primary!.threadSource,
    warnings: many
      ? [
          {
            name: 'LanewiseWarning',
            code: 'LANEWISE_CLUSTER_THREADS',
            message:
              `lanewise computes on ${primary!.threads} threads in this worker of a cluster, and in each of the others: ` +
              `${divide}. Results stay the same.`,
          },
        ]
      : [],
  });
  expect(set).toMatchObject({ threads: 2, warnings: [] });
  expect(set!.threadSource).not.toContain(divide);
});

it('a program that sets its number of threads, or computes on the reference, is not warned', async () => {
  for (const before of ['backend.threads = 2;', "backend.use('reference');"])
    for (const { warnings } of await workers(before)) expect(warnings).toEqual([]);
});
