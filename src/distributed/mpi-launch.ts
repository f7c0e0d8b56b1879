/** Who started this process, what that says of the job, and which MPI library goes with it. Pure functions of the environment. */

/** What a launcher of MPI jobs says of the job. */
export interface Launch {
  /** Its name, for people. */
  readonly launcher: string;
  /** How many processes it started. */
  readonly size: number;
  /** The libraries that can speak to it, in the order in which they are to be tried. */
  readonly libraries: readonly string[];
  /** What to install where there is none of them. */
  readonly install: string;
}

type Environment = { readonly [name: string]: string | undefined; readonly SLURM_STEP_NUM_TASKS?: string };

const openMpi = process.platform === 'darwin' ? ['libmpi.40.dylib', 'libmpi.dylib'] : ['libmpi.so.40'];
const mpich = process.platform === 'darwin' ? ['libmpi.12.dylib'] : ['libmpich.so.12', 'libmpi.so.12'];
const installOpenMpi = 'apt-get install openmpi-bin';
const installMpich = 'apt-get install mpich';

/** The variables by which launchers tell their processes the size of the job. Slurm's own say nothing of which library speaks to it. */
const launchers: readonly { variable: string; launcher: string; libraries: readonly string[]; install: string }[] = [
  { variable: 'OMPI_COMM_WORLD_SIZE', launcher: "Open MPI's mpirun", libraries: openMpi, install: installOpenMpi },
  { variable: 'PMI_SIZE', launcher: "MPICH's mpiexec", libraries: mpich, install: installMpich },
  { variable: 'SLURM_STEP_NUM_TASKS', launcher: 'srun', libraries: [...openMpi, ...mpich], install: installOpenMpi },
];

/** What the environment says of the job; null for a process that no launcher started. */
export function launchOf(environment: Environment): Launch | null {
  for (const { variable, ...rest } of launchers) {
    const size = Number(environment[variable]);
    if (!Number.isInteger(size) || size < 1) continue;
    // Slurm's way of PMI-2 sets PMI_SIZE too; a step of one task is a batch script.
    if (variable === 'SLURM_STEP_NUM_TASKS' && size === 1) continue;
    const isSlurm = environment.SLURM_STEP_NUM_TASKS !== undefined;
    return { ...rest, size, libraries: isSlurm ? [...new Set([...rest.libraries, ...mpich])] : rest.libraries };
  }
  return null;
}

/** The list of CPUs in a status file of Linux's /proc, as numbers: "0-3,8" are five. */
export function cpusOf(status: string): number {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? '';
  return list
    .split(',')
    .map((range) => range.split('-').map(Number))
    .reduce((sum, [first = 0, last = first]) => sum + (last - first + 1), 0);
}
