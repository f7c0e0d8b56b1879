/** Warns of calls that give another value each time: every run of a traced function has the value of the trace. */
import { fileURLToPath } from 'node:url';

/** Calls that a warning has been given for, with their locations. */
const warned = new Set<string>();
const mostWarned = 1000;

const randomly = 'Use rand(), randn() and their kin, which draw at each run';
const byTime = 'Pass it as an argument';

/**
 * Runs `run`, and warns once for each location that asks for a random number or the time. `Math.random`, `Date.now`, `new Date()`, `Date()` and
 * `performance.now` of this realm are replaced until `run` returns or throws.
 * @param name of the function, for messages.
 */
export function watchImpure<T>(name: string, run: () => T): T {
  const warn = (what: string, instead: string, from: (...args: never[]) => unknown) =>
    warnOnce(name, what, instead, from);
  const called = <F extends (...args: never[]) => unknown>(what: string, instead: string, original: F): F =>
    new Proxy(original, {
      apply: function apply(target, self, args) {
        warn(what, instead, apply);
        return Reflect.apply(target, self, args);
      },
    });
  const date = new Proxy(Date, {
    apply: function apply(target, self, args) {
      warn('Date()', byTime, apply);
      return Reflect.apply(target, self, args);
    },
    construct: function construct(target, args, newTarget) {
      if (args.length === 0) warn('new Date()', byTime, construct);
      return Reflect.construct(target, args, newTarget) as Date;
    },
  });
  const restore = [
    replace(Math, 'random', called('Math.random()', randomly, Math.random)),
    replace(Date, 'now', called('Date.now()', byTime, Date.now)),
    replace(performance, 'now', called('performance.now()', byTime, performance.now)),
    replace(globalThis, 'Date', date),
  ];
  try {
    return run();
  } finally {
    for (const undo of restore) undo();
  }
}

/** Sets a property of a built-in object, and returns what sets it back. Does nothing where it cannot be set. */
function replace<T extends object, Key extends keyof T & string>(target: T, key: Key, value: T[Key]): () => void {
  const own = Object.getOwnPropertyDescriptor(target, key);
  const isSet = Reflect.defineProperty(target, key, { ...own, value, configurable: true, writable: true });
  return () => {
    // What `run` has put there stays.
    if (!isSet || target[key] !== value) return;
    if (own === undefined) Reflect.deleteProperty(target, key);
    else Reflect.defineProperty(target, key, own);
  };
}

function warnOnce(name: string, what: string, instead: string, from: (...args: never[]) => unknown): void {
  const location = callerOf(from);
  const key = `${what} ${location}`;
  if (warned.has(key) || warned.size === mostWarned) return;
  warned.add(key);
  process.emitWarning(
    `${name}: ${what} is called at ${location} while the function is traced: every run has the value that it gives now. ` +
      `${instead}.`,
    { type: 'LanewiseWarning', code: 'LANEWISE_IMPURE' },
  );
}

/** File and line of the code that has called a function, as far as it is written in a file. */
function callerOf(called: (...args: never[]) => unknown): string {
  const { stackTraceLimit } = Error;
  const holder: { stack?: unknown } = {};
  Reflect.set(Error, 'stackTraceLimit', 10);
  try {
    Error.captureStackTrace(holder, called);
  } finally {
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit);
  }
  for (const line of String(holder.stack).split('\n')) {
    const [, file, number] = /^\s*at (?:async )?(?:.*? \()?(.+):(\d+):\d+\)?$/.exec(line) ?? [];
    if (file !== undefined) return `${file.startsWith('file:') ? fileURLToPath(file) : file}:${number}`;
  }
  return 'an unknown location';
}
