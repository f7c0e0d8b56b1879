/** Everything public that can be called, found by looking: what is exported later is called too. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as lanewise from '../../src/index.js';
import { root } from '../helpers/built.js';
import type { Fixture } from '../misuse/fixture.js';

export interface Callable {
  readonly name: string;
  readonly call: (fixture: Fixture, args: readonly unknown[]) => unknown;
}

type AnyFunction = (...args: unknown[]) => unknown;
type AnyClass = new (...args: unknown[]) => unknown;

/** Called with options apart (they take time), what writes files wherever a string says, and constructors that only the library and subclasses call. Errors are left out as well. */
const apart = new Set([
  'fit',
  'epochs',
  'predict',
  'backend',
  'io.save',
  'io.saveSync',
  'Tensor',
  'optim.Optimizer',
  'optim.lrScheduler.LRScheduler',
]);

/** Members that callers cannot call: those whose comment or modifier says so. */
const internal = new Set(
  readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((name) => [
      ...readFileSync(join(root, 'src', name), 'utf8').matchAll(
        /(?:@internal[^/]*\*\/\s+|\n\s+protected )(?:(?:protected|abstract|get|set|async|static|override|readonly)\s+|\*)*(\w+)/g,
      ),
    ])
    .map(([, name]) => name!),
);

const isFunction = (value: unknown): value is AnyFunction => typeof value === 'function';
const isClass = (value: unknown): boolean =>
  isFunction(value) && /^class\b/.test(Function.prototype.toString.call(value));

function* exported(space: object, prefix: string): Generator<Callable> {
  for (const [name, value] of Object.entries(space)) {
    const full = `${prefix}${name}`;
    if (apart.has(full) || name.endsWith('Error')) continue;
    if (isClass(value)) yield { name: `new ${full}`, call: (_, args) => new (value as unknown as AnyClass)(...args) };
    else if (isFunction(value)) yield { name: full, call: (_, args) => value(...args) };
    else if (Object.prototype.toString.call(value) === '[object Module]' || Object.getPrototypeOf(value) === null)
      yield* exported(value, `${full}.`);
  }
}

/** Methods of an object and setters of its classes, up to Object's own. */
function* members(key: keyof Fixture, sample: object): Generator<Callable> {
  const seen = new Set(['constructor']);
  for (let at = Object.getPrototypeOf(sample); at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at))
    for (const name of Object.getOwnPropertyNames(at)) {
      if (seen.has(name) || internal.has(name)) continue;
      seen.add(name);
      const { value, set } = Object.getOwnPropertyDescriptor(at, name)!;
      const of = (fixture: Fixture) => fixture[key] as unknown as Record<string, unknown>;
      if (isFunction(value))
        yield { name: `${key}.${name}`, call: (fixture, args) => (of(fixture)[name] as AnyFunction)(...args) };
      if (set !== undefined)
        yield {
          name: `${key}.${name} =`,
          call: (fixture, args) => {
            of(fixture)[name] = args[0];
          },
        };
    }
}

const receivers = [
  'model',
  'criterion',
  'optimizer',
  'momentum',
  'matrix',
  'leaf',
  'integers',
  'doubles',
  'scalar',
  'empty',
  'dataset',
] as const;

export function callables(fixture: Fixture): Callable[] {
  return [
    ...exported(lanewise, ''),
    ...[...receivers, 'generator' as const, 'loader' as const].flatMap((key) => [...members(key, fixture[key])]),
    { name: 'backend.use', call: (_, [name]) => lanewise.backend.use(name as never) },
    {
      name: 'backend.threads =',
      call: (_, [threads]) => {
        lanewise.backend.threads = threads as never;
      },
    },
  ];
}
