/**
 * What tests cannot ask of every machine: how long a job takes to end after a fault, under each engine, on one host and on two with a cable between
 * them that is cut; how fast steps are on links of 1 and 10 Gbit/s; many starts of MPICH. Prints a report; ends with 1 where a job did not end, or
 * ended with 0.
 *
 * `npm run test:distributed -- --starts 1000 --timeout 3 --seconds 2`; `--only hosts --events killed` for some. Two hosts need root and network namespaces.
 */
import type { ChildProcess } from 'node:child_process';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ownDelay, runJob } from './jobs.js';
import { Hosts, type Launcher, localLaunchers } from './launchers.js';

const { values } = parseArgs({
  options: {
    starts: { type: 'string', default: '50' },
    timeout: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '1' },
    only: { type: 'string', default: 'faults,starts,hosts,links' },
    events: { type: 'string', default: '' },
  },
});
const [starts, timeout, seconds] = [values.starts, values.timeout, values.seconds].map(Number) as [
  number,
  number,
  number,
];
const parts = values.only.split(',');
/** Which faults, by their names. */
const chosen = new RegExp(values.events);
/** Seconds after which a job has failed to end: many times what it takes. */
const limit = 60 + timeout;
let failures = 0;

interface Event {
  readonly name: string;
  /** For rank.mjs. */
  readonly what: string;
  readonly act?: (launcher: ChildProcess) => void;
  /** What stderr has to say. */
  readonly message?: RegExp;
  /** The engine sees it only when the timeout is over. */
  readonly isSilent?: boolean;
}

const overdue = /has waited [\d.]+ s for (rank \d|the other ranks) in \w+.*start it again from the last checkpoint/;
const interrupt = ({ pid }: ChildProcess): boolean => process.kill(-pid!, 'SIGINT');
const own: Event[] = Object.entries(ownDelay).map(([what, name]) => {
  const left = /rank 1 of 2 exits with code \d before destroyProcessGroup\(\): the job ends/;
  if (what === 'throw' || what === 'exit(0)') return { name, what, message: left };
  return what === 'SIGSTOP' || what === 'an endless loop'
    ? { name, what, message: overdue, isSilent: true }
    : { name, what };
});
const outside: Event[] = [
  { name: 'Ctrl-C', what: 'go-on', act: interrupt },
  {
    name: 'Ctrl-C twice, the program listens to SIGINT',
    what: 'listens',
    act: (launcher) => {
      interrupt(launcher);
      setTimeout(() => launcher.exitCode ?? launcher.signalCode ?? interrupt(launcher), 1500);
    },
  },
  { name: 'kill -9 of the launcher', what: 'go-on', act: ({ pid }) => process.kill(pid!, 'SIGKILL') },
];

async function measureFaults(launcher: Launcher, events: readonly Event[], after = () => {}): Promise<void> {
  for (const { name, what, act, message, isSilent = false } of events.filter((each) => chosen.test(each.name))) {
    const { end, stderr, left, ...times } = await runJob(launcher, what, timeout, limit, act);
    after();
    // MPICH's launcher says 0 when its helpers on other hosts are interrupted with it.
    const isQuirk = end === 0 && name === 'Ctrl-C' && launcher.engine === 'MPICH' && launcher.place === 'two hosts';
    const problems = [
      ...(end === null ? ['the launcher had to be killed'] : end === 0 && !isQuirk ? ['ended with 0'] : []),
      ...(left > 0 ? [`${left} processes had to be killed`] : []),
      ...(message === undefined || message.test(stderr) ? [] : ['no message']),
      ...(Number.isNaN(times.launcher) ? ['the event did not happen'] : []),
    ];
    failures += Math.min(1, problems.length);
    const line = /lanewise: .{0,90}/.exec(stderr)?.[0] ?? '';
    const [launcherEnd, ranksEnd] = [times.launcher.toFixed(1), times.ranks.toFixed(1)];
    console.log(
      `| ${launcher.engine}, ${launcher.place} | ${name} | ${isSilent ? timeout : ''} | ${launcherEnd} | ${ranksEnd} | ${end} | ${line} | ${problems.join(', ')} |`,
    );
  }
}

function faultTable(title: string): void {
  console.log(`\n## ${title}\n\nSeconds from the event; the timeout is ${timeout} s.\n`);
  console.log(
    '| engine | event | noticed by the timeout | launcher ends | last rank ends | code | message | problems |',
  );
  console.log('|---|---|---|---|---|---|---|---|');
}

async function manyStarts(launcher: Launcher): Promise<void> {
  console.log(`\n## ${starts} starts under ${launcher.engine}, ${launcher.place}\n`);
  const ends = new Map<string, number>();
  const start = performance.now();
  for (let i = 0; i < starts; i++) {
    const { end, left } = await runJob(launcher, 'short', 60, limit);
    const key = left > 0 ? `${end}, processes left` : `${end}`;
    ends.set(key, (ends.get(key) ?? 0) + 1);
  }
  failures += starts - (ends.get('0') ?? 0);
  const list = [...ends].map(([end, count]) => `${count} ended with ${end}`).join('; ');
  console.log(`${list}; ${((performance.now() - start) / 1000 / starts).toFixed(2)} s each.`);
}

interface Measured {
  readonly sums: readonly { bytes: number; p1: number; median: number }[];
  readonly training: readonly {
    name: string;
    rows: number;
    alone: { p1: number };
    together: { p1: number };
    efficiency: number;
  }[];
}

/** The measurement of bench/distributed on two hosts. */
function measureLink(launcher: Launcher, hosts: Hosts, name: string): void {
  const rank = fileURLToPath(new URL('../../../bench/distributed/rank.mjs', import.meta.url));
  const [file, ...args] = launcher.command(2, [
    process.execPath,
    rank,
    `${seconds}`,
    '1,64,1024',
    '128,512,1024',
    '64',
  ]);
  const env = { ...process.env, LANEWISE_NUM_THREADS: '1', ...launcher.env };
  const before = hosts.sent();
  const job = spawnSync(file!, args, { env, encoding: 'utf8', timeout: 300_000, killSignal: 'SIGKILL' });
  const after = hosts.sent();
  if (job.status !== 0) {
    failures++;
    console.log(
      `| ${launcher.engine}, ${name} | ended with ${job.status ?? job.signal}: ${job.stderr.slice(-300).replaceAll('\n', ' ')} |`,
    );
    return;
  }
  const { sums, training } = JSON.parse(job.stdout.trim().split('\n').at(-1)!) as Measured;
  const megabytes = (after.bytes - before.bytes) / 1e6;
  // Else the ranks found another way, such as shared memory.
  if (megabytes < 10) failures++;
  const times = sums.map(({ p1, median }) => `${(1000 * p1).toFixed(0)} (${(1000 * median).toFixed(0)})`);
  const efficiencies = training.map(({ efficiency }) => efficiency.toFixed(2));
  console.log(
    `| ${[`${launcher.engine}, ${name}`, ...times, ...efficiencies, megabytes.toFixed(0), after.dropped - before.dropped].join(' | ')} |`,
  );
}

const links: readonly { name: string; discipline: readonly string[] }[] = [
  { name: 'not limited', discipline: [] },
  { name: '10 Gbit/s', discipline: ['tbf', 'rate', '10gbit', 'burst', '256k', 'limit', '4m'] },
  { name: '1 Gbit/s', discipline: ['tbf', 'rate', '1gbit', 'burst', '32k', 'limit', '4m'] },
  {
    name: '1 Gbit/s with a short queue, which drops packets',
    discipline: ['tbf', 'rate', '1gbit', 'burst', '32k', 'limit', '40k'],
  },
  { name: '1 % of the packets lost', discipline: ['netem', 'loss', '1%'] },
];

async function onTwoHosts(local: readonly Launcher[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-hosts-'));
  let hosts: Hosts;
  try {
    hosts = new Hosts(folder);
  } catch (error) {
    console.log(
      `\n## Two hosts\n\nThis machine does not allow network namespaces: ${(error as Error).message.split('\n')[0]}`,
    );
    return;
  }
  try {
    const launchers = hosts.launchers(local);
    if (parts.includes('hosts')) {
      const cable: Event[] = [
        { name: 'the cable is cut', what: 'go-on', act: () => hosts.cut(), message: overdue, isSilent: true },
        { name: 'all packets are lost', what: 'go-on', act: () => hosts.loseAll(), message: overdue, isSilent: true },
      ];
      faultTable('Faults on two hosts');
      for (const launcher of launchers)
        await measureFaults(launcher, [...own, ...outside, ...cable], () => hosts.mend());
    }
    if (parts.includes('links')) {
      console.log(`\n## Links, two ranks of one thread on ${cpus().length} CPUs\n`);
      console.log(
        'Sums in us, first percentile (median); steps as shares of those of one process alone, first percentile.\n',
      );
      console.log(
        '| engine, link | 1 KiB | 64 KiB | 1 MiB | MLP 128 rows | 512 | 1024 | CNN 64 | MB sent | packets dropped |',
      );
      console.log('|---|---|---|---|---|---|---|---|---|---|');
      for (const launcher of launchers)
        for (const { name, discipline } of links) {
          try {
            if (discipline.length > 0) hosts.shape(...discipline);
          } catch (error) {
            console.log(
              `| ${launcher.engine}, ${name} | this kernel does not have it: ${
                String((error as { stderr?: unknown }).stderr ?? error)
                  .trim()
                  .split('\n')[0]
              } |`,
            );
            continue;
          }
          measureLink(launcher, hosts, name);
          hosts.unshape();
        }
    }
  } finally {
    hosts.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

const local = localLaunchers();
console.log(
  `# Jobs of several processes\n\nNode ${process.version}, ${cpus().length} CPUs. ${local.map(({ engine }) => engine).join(', ') || 'No launcher of MPI'}.`,
);
if (local.length === 0) {
  console.log('apt-get install openmpi-bin mpich');
  process.exit(1);
}
if (parts.includes('faults')) {
  faultTable('Faults on one host');
  for (const launcher of local) await measureFaults(launcher, [...own, ...outside]);
}
if (parts.includes('starts'))
  for (const launcher of local.filter(({ engine }) => engine === 'MPICH')) await manyStarts(launcher);
if (parts.includes('hosts') || parts.includes('links')) await onTwoHosts(local);
console.log(`\n${failures === 0 ? 'Everything ended as it should.' : `${failures} problems.`}`);
process.exitCode = failures === 0 ? 0 : 1;
