/** How ranks are started: on this machine, or on two hosts that are network namespaces of it. */
import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Launcher {
  readonly engine: string;
  /** Where the ranks run, for people. */
  readonly place: string;
  command(size: number, program: readonly string[]): string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Of the launcher: it notices a line that is cut, which by default takes it minutes, and kills at once what is left of a job, which by default takes it a second for each round (docs/distributed.md). */
export const quickEnd = {
  OMPI_MCA_odls_base_sigkill_timeout: '0',
  OMPI_MCA_oob_tcp_keepalive_time: '2',
  OMPI_MCA_oob_tcp_keepalive_intvl: '1',
  OMPI_MCA_oob_tcp_keepalive_probes: '2',
};

const openMpiOptions = ['--allow-run-as-root', '--oversubscribe', '--bind-to', 'none'];
const openMpiEnv = { OMPI_MCA_mpi_yield_when_idle: '1', ...quickEnd };

function isInstalled(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Those that this machine has, with all ranks on it. */
export function localLaunchers(): Launcher[] {
  const openMpi: Launcher = {
    ...{ engine: 'Open MPI', place: 'one host', env: openMpiEnv },
    command: (size, program) => ['mpirun.openmpi', ...openMpiOptions, '-np', `${size}`, ...program],
  };
  const mpich: Launcher = {
    ...{ engine: 'MPICH', place: 'one host', env: {} },
    command: (size, program) => ['mpiexec.mpich', '-n', `${size}`, ...program],
  };
  return [openMpi, mpich].filter(({ command }) => isInstalled(command(1, [])[0]!));
}

const hosts = ['lw-a', 'lw-b'] as const;
const addresses = ['10.99.7.1', '10.99.7.2'] as const;
const ip = (...args: string[]): string => execFileSync('ip', args, { encoding: 'utf8', stdio: 'pipe' });

/** Two hosts with a cable between them. */
export class Hosts {
  readonly #agent: string;

  /** @param folder for the script that stands for ssh. @throws Error where the machine does not allow namespaces. */
  constructor(folder: string) {
    this.remove();
    for (const host of hosts) {
      ip('netns', 'add', host);
      ip('-n', host, 'link', 'set', 'lo', 'up');
    }
    ip('link', 'add', 'eth7', 'netns', hosts[0], 'type', 'veth', 'peer', 'name', 'eth7', 'netns', hosts[1]);
    for (const [i, host] of hosts.entries()) {
      ip('-n', host, 'addr', 'add', `${addresses[i]}/24`, 'dev', 'eth7');
      ip('-n', host, 'link', 'set', 'eth7', 'up');
      execFileSync('mkdir', ['-p', `/etc/netns/${host}`]);
      const names = hosts.map((name, j) => `${addresses[j]} ${name}\n`).join('');
      writeFileSync(`/etc/netns/${host}/hosts`, `127.0.0.1 localhost\n${names}`);
    }
    this.#agent = join(folder, 'agent');
    // As ssh: options, a host, a command for its shell.
    const script = `#!/bin/sh
while [ "\${1#-}" != "$1" ]; do shift; done
host=$1; shift
exec ip netns exec "$host" unshare -u sh -c "hostname $host; exec $*" </dev/null\n`;
    writeFileSync(this.#agent, script);
    chmodSync(this.#agent, 0o755);
  }

  /** Those of the launchers with a rank on each host, started from the first. */
  launchers(local: readonly Launcher[]): Launcher[] {
    const on = (host: string, command: readonly string[]): string[] => [
      ...['ip', 'netns', 'exec', host, 'unshare', '-u', 'sh', '-c', `hostname ${host}; exec "$@"`, 'sh'],
      ...command,
    ];
    const network = `${addresses[0].replace(/\.\d+$/, '.0')}/24`;
    const openMpi = (size: number, program: readonly string[]): string[] => [
      ...['mpirun.openmpi', ...openMpiOptions, '-np', `${size}`, '--host', hosts.map((host) => `${host}:8`).join()],
      ...['--map-by', 'node', '--mca', 'plm_rsh_agent', this.#agent, '--mca', 'btl', 'tcp,self'],
      ...['--mca', 'btl_tcp_if_include', network, '--mca', 'oob_tcp_if_include', network],
      ...['-x', 'LANEWISE_NUM_THREADS', '-x', 'PATH', ...program],
    ];
    const mpich = (size: number, program: readonly string[]): string[] => [
      ...['mpiexec.mpich', '-launcher', 'ssh', '-launcher-exec', this.#agent, '-hosts', hosts.join(), '-ppn', '1'],
      ...['-n', `${size}`, ...program],
    ];
    return local.map(({ engine }) => ({
      ...{ engine, place: 'two hosts' },
      command: (size, program) => on(hosts[0], (engine === 'MPICH' ? mpich : openMpi)(size, program)),
      env: engine === 'MPICH' ? { UCX_TLS: 'tcp,self', UCX_NET_DEVICES: 'eth7' } : openMpiEnv,
    }));
  }

  /** Limits the cable, both ways: the words are tc's. @throws Error where the kernel lacks that discipline. */
  shape(...discipline: string[]): void {
    for (const host of hosts) {
      this.#tc(host, 'replace', 'root', ...discipline);
    }
  }

  unshape(): void {
    for (const host of hosts) {
      try {
        this.#tc(host, 'del', 'root');
      } catch {
        // there was none
      }
    }
  }

  #tc(host: string, action: string, ...rest: string[]): void {
    execFileSync('tc', ['-n', host, 'qdisc', action, 'dev', 'eth7', ...rest], { stdio: 'pipe' });
  }

  /** Cuts the cable. */
  cut(): void {
    ip('-n', hosts[1], 'link', 'set', 'eth7', 'down');
  }

  /** Packets vanish, both ways, without any host noticing: they go to a station that does not exist. */
  loseAll(): void {
    for (const [i, host] of hosts.entries())
      ip(
        '-n',
        host,
        'neigh',
        'replace',
        addresses[1 - i]!,
        'lladdr',
        '02:00:00:00:00:99',
        'dev',
        'eth7',
        'nud',
        'permanent',
      );
  }

  /** Joins the cable again. */
  mend(): void {
    for (const [i, host] of hosts.entries()) {
      ip('-n', host, 'link', 'set', 'eth7', 'up');
      try {
        ip('-n', host, 'neigh', 'del', addresses[1 - i]!, 'dev', 'eth7');
      } catch {
        // it was not there
      }
    }
    ip(
      'netns',
      'exec',
      hosts[0],
      'sh',
      '-c',
      `for i in 1 2 3 4 5 6 7 8 9; do ping -c 1 -W 1 ${addresses[1]} && break; done || true`,
    );
  }

  /** Bytes and dropped packets that have left the first host by the cable. */
  sent(): { bytes: number; dropped: number } {
    const [link] = JSON.parse(ip('-n', hosts[0], '-j', '-s', 'link', 'show', 'dev', 'eth7')) as [
      { stats64: { tx: { bytes: number } } },
    ];
    const queues = execFileSync('tc', ['-n', hosts[0], '-s', 'qdisc', 'show', 'dev', 'eth7'], { encoding: 'utf8' });
    return { bytes: link.stats64.tx.bytes, dropped: Number(/dropped (\d+)/.exec(queues)?.[1] ?? 0) };
  }

  remove(): void {
    for (const host of hosts) {
      try {
        ip('netns', 'del', host);
      } catch {
        // it was not there
      }
      execFileSync('rm', ['-rf', `/etc/netns/${host}`]);
    }
  }
}
