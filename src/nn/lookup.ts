/** Members of modules by their full names. */
import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Parameter } from './parameter.js';
import { className } from './repr.js';

/** What is seen of a module. */
interface Members {
  namedParameters(): [string, Parameter][];
  namedBuffers(): [string, Tensor][];
}

interface Found<M> {
  module: M;
  parameter: Parameter;
  buffer: Tensor;
}

const sentences = { module: 'an nn.Module', parameter: 'an nn.Parameter', buffer: 'a buffer' } as const;

/** @throws ArgumentError in PyTorch's words: at the first part of the name that there is not, or that is something else. */
export function lookUp<M extends Members, Kind extends keyof Found<M>>(
  root: M,
  target: string,
  kind: Kind,
  childrenOf: (module: M) => readonly [string, M][],
): Found<M>[Kind] {
  const caller = `${className(root)}.get${kind === 'module' ? 'Submodule' : kind === 'parameter' ? 'Parameter' : 'Buffer'}`;
  if (typeof target !== 'string') throw new ArgumentError(`${caller}: target must be a string, got ${show(target)}`);
  const path = target.split('.');
  const last = kind === 'module' ? null : path.pop()!;
  let module = root;
  if (path.join('.') !== '')
    for (const part of path) {
      const next = childrenOf(module).find(([name]) => name === part)?.[1];
      if (next === undefined) throw missing(caller, module, part, 'module');
      module = next;
    }
  if (last === null) return module as Found<M>[Kind];
  const members: [string, unknown][] = kind === 'parameter' ? module.namedParameters() : module.namedBuffers();
  const own = members.find(([name]) => name === last)?.[1] ?? sharedOf(module, last, kind);
  if (own === undefined) throw missing(caller, module, last, kind);
  return own as Found<M>[Kind];
}

/** A member that stands under several names comes once among them. */
function sharedOf(module: Members, name: string, kind: 'parameter' | 'buffer' | 'module'): unknown {
  const value = fieldOf(module, name);
  const members: readonly [string, unknown][] = kind === 'parameter' ? module.namedParameters() : module.namedBuffers();
  return members.find(([, member]) => member === value)?.[1];
}

const fieldOf = (module: Members, name: string): unknown =>
  Object.hasOwn(module, name) ? Reflect.get(module, name) : undefined;

function missing(caller: string, module: Members, name: string, kind: keyof typeof sentences): ArgumentError {
  if (!(name in module)) return new ArgumentError(`${caller}: ${className(module)} has no attribute \`${name}\``);
  return new ArgumentError(`${caller}: \`${name}\` is not ${sentences[kind]}`);
}
