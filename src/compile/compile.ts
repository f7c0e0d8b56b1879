import { checkBoolean, checkOptions, checkSize, show } from '../check.js';
import { ArgumentError, StateError } from '../errors.js';
import { currentTrace } from '../ops/trace.js';
import { isGradEnabled } from '../tensor/grad-mode.js';
import { formatShape } from '../tensor/shape.js';
import { Storage } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';
import { CallQueue } from './call-queue.js';
import { describe } from './describe.js';
import { type PassName, passNames } from './passes/index.js';
import { Program } from './program.js';
import { defaultMaxPrograms, ProgramCache } from './program-cache.js';
import { readReturned } from './returned.js';

/** Options of {@link compile}. */
export interface CompileOptions {
  /**
   * Whether `.grad` can be read after a run also where the function clears the gradients first and only its optimizer uses
   * them. Default false: then such a gradient is never stored, and reading it is a StateError that says so.
   */
  keepGradients?: boolean;
  /** Passes to leave out, for comparison: `{ 'dead-stores': false }`. Default: none is. */
  passes?: Partial<Record<PassName, boolean>>;
  /**
   * How many programs are kept, those that ran last: one for each set of shapes and dtypes, and of what else is part of a
   * program. Each holds the memory of what it computes on the way. Default 16.
   */
  maxPrograms?: number;
}

/** What a compiled function may return: a tensor, or an array or plain object of tensors. */
export type Returnable<R> = Tensor | readonly Tensor[] | (object & { readonly [Key in keyof R]: Tensor });

/** A function of tensors that runs as traced programs. */
export interface Compiled<Args extends readonly Tensor[], R> {
  /**
   * Calls the function, on this thread. Results are detached.
   * @throws what the function throws when it is traced; StateError while an {@link async} call has not settled.
   */
  (...args: Args): R;
  /**
   * The same on the library's own thread, with the event loop free. The arguments are read now; calls queue. When one fails, what is as it
   * was before it stays so: those behind it that change parameters or other tensors of the caller are not made, and reject with a StateError.
   */
  async(...args: Args): Promise<R>;
  /** The ops of the program that ran last, as traced and after each pass, with their bytes and floating-point operations. */
  describe(): string;
  /** Releases all programs. What is in flight is finished first; later calls are a StateError. */
  dispose(): void;
  /** The same: for `using step = compile(...)`. */
  [Symbol.dispose](): void;
}

declare global {
  // As @types/node has it: a project without that, and without the library `esnext.disposable`, compiles all the same.
  interface SymbolConstructor {
    readonly dispose: unique symbol;
  }
}

/**
 * Traces what `fn` does with tensors as a program that runs in one native call: forward, backward and optimizer step. The
 * first call for a set of shapes and dtypes traces it; so does a call after something has changed that is part of the
 * program: the fields of the modules that it calls, train or eval mode, `requiresGrad`, the modules of a container, hooks, the options of an optimizer
 * that are not numbers. Learning rates and other numbers of an optimizer, and step counts, are read at each run; dropout masks and random tensors
 * (`rand`, `randn`, ...) are drawn at each run.
 *
 * JavaScript in `fn` runs only while it is traced. Of a module, those of your own classes too, every enumerable field is looked at before each run:
 * arrays, plain objects, Maps, Sets and typed arrays by what is in them (8 levels and 1,000 values of a field; beyond that, and for any other
 * object, whether it is the same one). Not seen are
 * - variables: a `let` that `fn` has captured, a counter that it counts up, an object of yours that is no module;
 * - `#private` fields, and what is in an object of a class that is no module;
 * - the fields of a module that `fn` only reads, without a call of its `forward`, unless something has gone through the modules of the model
 *   before, as `parameters()`, `train()` and `eval()` do.
 *
 * Compile again after such a change. `Math.random()` and the time are warned of. Reading numbers (`item()`), filling arrays of your own with random
 * ones, and awaiting are errors while tracing.
 *
 * @param fn takes tensors that require no gradient, and returns a tensor, or an array or plain object of tensors.
 * @throws ArgumentError for anything but a function, or an unknown option.
 */
export function compile<Args extends readonly Tensor[], R extends Returnable<R>>(
  fn: (...args: Args) => R,
  options?: CompileOptions,
): Compiled<Args, R> {
  const caller = 'compile';
  if (typeof fn !== 'function') throw new ArgumentError(`${caller}: expected a function, got ${show(fn)}`);
  const given = checkOptions(caller, options, ['keepGradients', 'passes', 'maxPrograms']);
  const { keepGradients = false, passes = {}, maxPrograms = defaultMaxPrograms } = given;
  checkBoolean(caller, 'keepGradients', keepGradients);
  checkSize(caller, 'maxPrograms', maxPrograms, 1);
  const settings = { keepGradients, off: switchedOff(passes) };
  const own = new CompiledFunction<R>(fn as (...args: readonly Tensor[]) => R, settings, maxPrograms);
  const compiled = (...args: Args): R => own.call(args);
  return Object.assign(compiled, {
    async: (...args: Args) => own.submit(args),
    describe: () => own.describe(),
    dispose: () => own.dispose(),
    [Symbol.dispose]: () => own.dispose(),
  }) as Compiled<Args, R>;
}

/** The names of the passes that are `false`. */
function switchedOff(passes: unknown): PassName[] {
  const given = checkOptions<Record<PassName, boolean>>(
    'compile: passes',
    passes as Record<PassName, boolean>,
    passNames,
  );
  return passNames.filter((name) => name in given && !checkBoolean('compile: passes', name, given[name]));
}

/** Checked options. */
interface Settings {
  readonly keepGradients: boolean;
  readonly off: readonly PassName[];
}

/** What calls of one compiled function share. */
class CompiledFunction<R> {
  readonly #fn: (...args: readonly Tensor[]) => R;
  readonly #name: string;
  readonly #settings: Settings;
  readonly #programs: ProgramCache<R>;
  readonly #queue: CallQueue;
  #disposed = false;

  constructor(fn: (...args: readonly Tensor[]) => R, settings: Settings, maxPrograms: number) {
    this.#fn = fn;
    this.#name = fn.name === '' ? 'compile' : `compile(${fn.name})`;
    this.#settings = settings;
    this.#queue = new CallQueue(this.#name);
    this.#programs = new ProgramCache(this.#name, 'the function', maxPrograms);
  }

  call(args: readonly Tensor[]): R {
    this.#check(args);
    // Inside of another function that is being traced: its ops become part of that.
    if (currentTrace() !== null) return this.#inline(args);
    if (this.#queue.pending > 0)
      throw new StateError(
        `${this.#name}: a call of async() has not settled: await it, or make this call with async() too`,
      );
    return this.#programFor(args).run(args);
  }

  submit(args: readonly Tensor[]): Promise<R> {
    try {
      this.#check(args);
      const now = currentTrace();
      if (now !== null) throw now.refuse(`${this.#name}.async()`, 'call it without async');
      // Those of a call that waits for others are read now.
      const own = this.#queue.pending === 0 ? args : args.map(copyOf);
      return this.#queue.add((assertNoneFailed) => this.#runAsync(own, assertNoneFailed));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  describe(): string {
    const current = this.#programs.last;
    if (this.#disposed) return `${this.#name}: it has been disposed`;
    if (current === undefined) return `${this.#name}: nothing has been traced yet`;
    const shapes = current.inputs.map(({ dtype, shape }) => `${dtype} ${formatShape(shape)}`);
    return describe(`${this.#name}(${shapes.join(', ')})`, current.program);
  }

  dispose(): void {
    this.#disposed = true;
    if (this.#queue.pending === 0) this.#programs.release();
  }

  #check(args: readonly Tensor[]): void {
    if (this.#disposed) throw new StateError(`${this.#name}: it has been disposed`);
    for (let i = 0; i < args.length; i++)
      if (!(args[i] instanceof Tensor))
        throw new ArgumentError(`${this.#name}: argument ${i} must be a Tensor, got ${show(args[i])}`);
    if (currentTrace() !== null || !isGradEnabled()) return;
    for (let i = 0; i < args.length; i++)
      if (args[i]!.requiresGrad)
        throw new StateError(
          `${this.#name}: argument ${i} requires a gradient, which cannot leave the function; pass it with detach(), or ` +
            'use the tensor in the function without passing it',
        );
  }

  #inline(args: readonly Tensor[]): R {
    const { tensors, rebuild } = readReturned(this.#name, this.#fn(...args));
    const detached = new Map(tensors.map((tensor) => [tensor, tensor.detach()]));
    return rebuild(tensors.map((tensor) => detached.get(tensor)!));
  }

  async #runAsync(args: readonly Tensor[], assertNoneFailed: () => void): Promise<R> {
    try {
      if (this.#disposed) throw new StateError(`${this.#name}: it has been disposed`);
      const program = this.#programFor(args);
      // A step would go on from what the failed one has not done. What writes nothing stands by itself.
      if (program.writes) assertNoneFailed();
      const runs = program.submit(args);
      await runs.done;
      return runs.result();
    } finally {
      // This one is the last.
      if (this.#disposed && this.#queue.pending === 1) this.#programs.release();
    }
  }

  #programFor(args: readonly Tensor[]): Program<R> {
    const { keepGradients, off } = this.#settings;
    return this.#programs.get(args, () => Program.trace(this.#fn, args, { name: this.#name, keepGradients, off }));
  }
}

const copyOf = ({ storage, shape }: Tensor) => new Tensor(new Storage(storage.dtype, storage.read().slice()), shape);
