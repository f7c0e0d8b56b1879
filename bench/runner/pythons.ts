/** Which Python has which framework. */
import { spawnSync } from 'node:child_process';
import { type Contender, frameworks, pythonContenders } from '../contenders/contenders.js';
import { InputError } from '../options.js';
import type { BenchDocument } from '../results/document.js';

/**
 * Contenders of each framework, in the first Python that has it.
 * @param options the values of `--python`: `PATH` or `torch=PATH`.
 * @throws InputError for a Python that does not run, or has nothing to offer.
 */
export function findInPython(options: readonly string[], threadCounts: readonly number[]) {
  const pythons = options.map(probe);
  const paths = pythons.map(({ path }) => path);
  const contenders: Contender[] = [];
  const absent: BenchDocument['absent'] = [];
  for (const framework of frameworks) {
    const { module, ids } = framework;
    const found = pythons.find(({ modules }) => modules.includes(module));
    if (found !== undefined) {
      contenders.push(...pythonContenders(framework, found.path, threadCounts));
      continue;
    }
    const why =
      paths.length === 0
        ? `needs a Python with ${module}: --python PATH (python -m pip install ${framework.package})`
        : `${paths.join(' and ')} cannot import ${module}: ${paths[0]} -m pip install ${framework.package}`;
    absent.push(...Object.keys(ids).map((id) => ({ id, why })));
  }
  return { contenders, absent };
}

function probe(option: string): { readonly path: string; readonly modules: readonly string[] } {
  const known = frameworks.map(({ module }) => module);
  const asked = known.find((module) => option.startsWith(`${module}=`));
  const path = asked === undefined ? option : option.slice(asked.length + 1);
  const wanted = asked === undefined ? known : [asked];
  const program = `import importlib.util as u\nprint(*[m for m in ${JSON.stringify(wanted)} if u.find_spec(m)])`;
  const { status, error, stdout, stderr } = spawnSync(path, ['-c', program], { encoding: 'utf8' });
  if (error !== undefined) throw new InputError(`--python: cannot start ${path}: ${error.message}`);
  if (status !== 0) throw new InputError(`--python: ${path} ended with status ${status}: ${stderr.trim()}`);
  const modules = stdout.trim().split(' ').filter(Boolean);
  if (modules.length === 0) throw new InputError(`--python: ${path} cannot import ${wanted.join(', ')}`);
  return { path, modules };
}
