/** What lanewise exports, by the module of PyTorch that it belongs to. */
import * as lanewise from '../../src/index.js';
import type { Exported } from './names.js';

const { nn, functional, optim, data, distributed } = lanewise;

const valuesOf = (object: object): string[] => Object.keys(object).filter((name) => !name.startsWith('~'));
/** Of a namespace, without the namespaces in it. */
const flat = (object: object): string[] =>
  valuesOf(object).filter((name) => typeof (object as Record<string, unknown>)[name] === 'function');

const member = (object: object, name: string): object => (object as Record<string, object | undefined>)[name] ?? {};

/** Modules whose names are all in the table, those that are missing here too. */
export const complete: readonly Exported[] = [
  { module: 'nn', path: 'nn', names: flat(nn) },
  { module: 'nn.functional', path: 'functional', also: ['torch', 'Tensor'], names: flat(functional) },
  { module: 'nn.init', path: 'nn.init', names: flat(member(nn, 'init')) },
  { module: 'nn.utils', path: 'nn.utils', names: flat(member(nn, 'utils')) },
  { module: 'optim', path: 'optim', names: flat(optim) },
  { module: 'optim.lr_scheduler', path: 'optim.lrScheduler', names: flat(optim.lrScheduler) },
  { module: 'optim.swa_utils', path: 'optim.swaUtils', names: flat(member(optim, 'swaUtils')) },
  { module: 'utils.data', path: 'data', names: flat(data) },
];

/** Marked as internal in the sources. */
const internal = ['hooks', 'node', 'attach', 'assertWritable', 'rowCounts'];
const methods = Object.getOwnPropertyNames(lanewise.Tensor.prototype).filter(
  (name) => !name.startsWith('~') && !name.startsWith('_') && name !== 'constructor' && !internal.includes(name),
);

/** Modules of which only what exists here is in the table. */
export const partial: readonly Exported[] = [
  { module: 'torch', path: '', also: ['Tensor', 'utils.data'], names: flat(lanewise) },
  { module: 'nn.parallel', path: 'nn.parallel', names: flat(nn.parallel) },
  { module: 'distributed', path: 'distributed', names: flat(distributed) },
  // Functions of torch that are not exported by the package itself.
  {
    module: 'torch',
    path: 'functional',
    also: ['Tensor', 'nn.functional'],
    names: flat(functional).filter((name) => !(name in lanewise)),
  },
  { module: 'Tensor', path: 'Tensor', names: methods },
];
