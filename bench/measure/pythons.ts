/** Which Python has which framework. */
import { spawnSync } from 'node:child_process';
import { type Contender, frameworks } from '../contenders/contenders.js';
import { OptionError } from '../options.js';
import type { Absence } from '../report/document.js';

export interface InPython {
  readonly contenders: readonly Contender[];
  readonly absent: readonly Absence[];
}

/** `--python PATH` or `--python torch=PATH`. */
interface Interpreter {
  readonly path: string;
  readonly modules: ReadonlySet<string>;
}

/**
 * Contenders of each framework, in the first Python that has it.
 * @param options the values of `--python`.
 * @throws OptionError for a Python that does not run, or has nothing to offer.
 */
export function findInPython(options: readonly string[], threadCounts: readonly number[]): InPython {
  const interpreters = options.map(probe);
  const contenders: Contender[] = [];
  const absent: Absence[] = [];
  for (const framework of frameworks) {
    const { module, ids } = framework;
    const found = interpreters.find(({ modules }) => modules.has(module));
    if (found !== undefined) {
      contenders.push(...framework.contenders(found.path, threadCounts));
      continue;
    }
    const [first] = interpreters;
    const why =
      first === undefined
        ? `needs a Python with ${module}: --python PATH (python -m pip install ${framework.package})`
        : `${interpreters.map(({ path }) => path).join(' and ')} cannot import ${module}: ${first.path} -m pip install ${framework.package}`;
    absent.push(...ids.map((id) => ({ id, why })));
  }
  return { contenders, absent };
}

function probe(option: string): Interpreter {
  const known = frameworks.map(({ module }) => module);
  const asked = known.find((module) => option.startsWith(`${module}=`));
  const path = asked === undefined ? option : option.slice(asked.length + 1);
  const wanted = asked === undefined ? known : [asked];
  const program = `import importlib.util as u\nprint(*[m for m in ${JSON.stringify(wanted)} if u.find_spec(m)])`;
  const { status, error, stdout, stderr } = spawnSync(path, ['-c', program], { encoding: 'utf8' });
  if (error !== undefined) throw new OptionError(`--python: cannot start ${path}: ${error.message}`);
  if (status !== 0) throw new OptionError(`--python: ${path} ended with status ${status}: ${stderr.trim()}`);
  const modules = new Set(stdout.trim().split(' ').filter(Boolean));
  if (modules.size === 0) throw new OptionError(`--python: ${path} cannot import ${wanted.join(', ')}`);
  return { path, modules };
}
