/** Launchers by their variables, CPUs by the list of Linux. */
import { expect, it } from 'vitest';
import { cpusOf, launchOf } from '../../src/distributed/mpi-launch.js';

it('tells the launcher, the size of the job and what to install', () => {
  expect(launchOf({})).toBeNull();
  expect(launchOf({ OMPI_COMM_WORLD_SIZE: 'x' })).toBeNull();
  expect(launchOf({ OMPI_COMM_WORLD_SIZE: '4' })).toMatchObject({ size: 4, install: 'apt-get install openmpi-bin' });
  expect(launchOf({ OMPI_COMM_WORLD_SIZE: '1' })).toMatchObject({ size: 1 });
  expect(launchOf({ PMI_SIZE: '2', PMI_RANK: '0' })).toMatchObject({ size: 2, install: 'apt-get install mpich' });
  const slurm = launchOf({ SLURM_STEP_NUM_TASKS: '8' });
  expect(slurm).toMatchObject({ launcher: 'srun', size: 8 });
  expect(slurm!.libraries.length).toBeGreaterThan(1);
  expect(launchOf({ SLURM_STEP_NUM_TASKS: '1' })).toBeNull(); // the shell of a batch script
});

it('counts the CPUs of an affinity mask', () => {
  expect(cpusOf('Cpus_allowed:\tf\nCpus_allowed_list:\t0-3,8\nMems_allowed:\t1\n')).toBe(5);
  expect(cpusOf('Cpus_allowed_list:\t1\n')).toBe(1);
});
