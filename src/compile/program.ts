import { ArgumentError, StateError } from '../errors.js';
import { programsFor } from '../ops/backend.js';
import type { Graph, Job, ProgramFactory, ProgramHandle } from '../ops/graph.js';
import type { HostArray } from '../ops/ops.js';
import type { NativeSide } from '../tensor/native-side.js';
import { Storage } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';
import { applyPasses, type PassName, type Stage } from './passes/index.js';
import { Randomness } from './randomness.js';
import { RepeatedRuns } from './repeated-runs.js';
import type { Runs, SubmitOptions } from './runs.js';
import { Submission } from './submission.js';
import { type InputSpec, type Traced, trace } from './trace.js';

export interface TraceOptions {
  /** What messages call the function. Default `compile`. */
  readonly name?: string;
  /** Whether gradients that only an optimizer reads can be read after a run all the same. Default false. */
  readonly keepGradients?: boolean;
  /** Passes to leave out. */
  readonly off?: readonly PassName[];
}

const ordinary: Required<Omit<SubmitOptions, 'writer'>> = {
  times: 1,
  counter: null,
  threads: null,
  priority: 'normal',
  holder: null,
  sequence: null,
  sums: null,
  isWanted: true,
};

/** Stands for arrays that are given at each run. */
const noNumbers = new Float32Array(0);

/**
 * A function of tensors, traced for arguments of given shapes and dtypes, with everything else as it was then:
 * {@link isCurrent} says whether it still is. Its owner releases it.
 */
export class Program<R = unknown> {
  readonly name: string;
  /** The graph as it was traced. */
  readonly graph: Graph;
  /** The same after each pass. */
  readonly stages: readonly Stage[];
  readonly #hasDoubles: boolean;
  readonly #factory: ProgramFactory;
  readonly #traced: Traced<R>;
  readonly #randomness: Randomness;
  readonly #handle: ProgramHandle;
  /** What runs write whose results are not wanted. */
  #unwanted: Storage[] | null = null;
  readonly #sides: readonly NativeSide[];
  readonly #written: ReadonlySet<Storage>;
  /** What a run on this thread is given: filled each time. */
  readonly #call: { inputs: HostArray[]; outputs: HostArray[]; dynamicScalars: Float64Array; keys: Uint32Array };
  #jobs = 0;
  #released = false;

  /**
   * Calls `fn` once with its ops traced. Nothing that it sets lasts, whether it returns or throws: a run does that.
   * @param inputs give the shapes and dtypes of the arguments.
   * @throws what `fn` throws; StateError when it reads numbers, draws random ones, or returns no tensor.
   */
  static trace<R>(
    fn: (...inputs: Tensor[]) => R,
    inputs: readonly InputSpec[],
    options: TraceOptions = {},
  ): Program<R> {
    const { name, keepGradients, off } = { name: 'compile', keepGradients: false, off: [], ...options };
    return new Program(name, trace(name, fn, inputs, keepGradients), inputs.length, off);
  }

  private constructor(name: string, traced: Traced<R>, inputs: number, off: readonly PassName[]) {
    this.name = name;
    this.#traced = traced;
    const { tracer, assembled } = traced;
    this.graph = assembled.graph;
    this.#hasDoubles = this.graph.values.some(({ dtype }) => dtype === 'float64');
    this.#factory = programsFor(this.#hasDoubles);
    const rewritten = applyPasses(this.graph, { fuses: this.#factory.fuses, off });
    this.stages = rewritten.stages;
    this.#written = new Set(assembled.written);
    this.#randomness = new Randomness(tracer, this.graph);
    this.#call = {
      inputs: [...new Array<HostArray>(inputs).fill(noNumbers), ...this.#randomness.numbers],
      outputs: assembled.outputs.map(() => noNumbers),
      dynamicScalars: new Float64Array(tracer.dynamicScalars.length),
      keys: new Uint32Array(this.#randomness.keyWords),
    };
    const sides: NativeSide[] = [];
    this.#sides = sides;
    this.#factory.reclaim();
    try {
      for (const storage of assembled.states) sides.push(storage.retain(this.#factory));
      const buffers = sides.map(({ buffer }) => buffer);
      this.#handle = this.#factory.createProgram(rewritten.graph, buffers);
    } catch (error) {
      this.#releaseStates();
      throw error;
    }
  }

  /** Whether a run would do what a call of the function would do now. */
  isCurrent(): boolean {
    return this.isUsable() && this.#traced.tracer.sideEffects.guards.hold();
  }

  /** Why a run would not do what a call of the function would do now, in words; null when it would. */
  whyNotCurrent(): string | null {
    if (!this.isUsable())
      return 'the backend, or the memory of a tensor that the function uses, is another than before';
    return this.#traced.tracer.sideEffects.guards.changed();
  }

  /** Whether the memory that the program computes on is still that of its tensors: if not, it never will be again. */
  isUsable(): boolean {
    if (this.#released || programsFor(this.#hasDoubles) !== this.#factory) return false;
    const { states } = this.#traced.assembled;
    const sides = this.#sides;
    for (let i = 0; i < sides.length; i++) if (states[i]!.side !== sides[i]) return false;
    return true;
  }

  /** Whether a run changes memory of others: parameters, gradients, buffers. */
  get writes(): boolean {
    return this.#written.size > 0;
  }

  /** The memory of others that it writes. */
  get written(): Iterable<Storage> {
    return this.#written;
  }

  /** The values of the tensors that a run returns, by their numbers in {@link graph}. */
  get returned(): readonly number[] {
    return this.#traced.returned;
  }

  /** Whether two states are one memory, or constants with the same numbers: one of this program's, and one of the other's. */
  hasSameState(other: Program<unknown>, [own, others]: readonly [number, number]): boolean {
    const a = this.#traced.assembled.states[own]!;
    const b = other.#traced.assembled.states[others]!;
    if (a === b) return true;
    const [x, y] = [a.read(), b.read()];
    return a.dtype === b.dtype && x.length === y.length && x.every((value, i) => Object.is(value, y[i]));
  }

  /** Whether random numbers are drawn on the host before each run. */
  get drawsNumbers(): boolean {
    return this.#randomness.numbers.length > 0;
  }

  /** Bytes of the program's own memory. */
  get arenaBytes(): number {
    return this.#handle.arenaBytes;
  }

  /** Gives the buffers of all states their newest numbers, with the event loop free in between. */
  async upload(): Promise<void> {
    for (const storage of this.#traced.assembled.states) await storage.uploadInTurns();
  }

  /** Keeps large states where the program computes and nowhere else, as far as it has been given their numbers. */
  leaveStatesToBuffers(): void {
    for (const storage of this.#traced.assembled.states) storage.leaveToBuffer();
  }

  /**
   * One run on this thread; the arguments are those it was traced for. What is checked is checked before anything moves.
   * @throws ArgumentError for options or labels out of range; StateError while a job trains what it writes.
   */
  run(inputs: readonly Tensor[]): R {
    const { assembled, commit, resultOf } = this.#traced;
    for (const storage of assembled.written) storage.assertUnpinned();
    this.#prepare(inputs);
    const call = this.#call;
    const results = this.#makeOutputs();
    const endDraws = this.#randomness.draw();
    try {
      this.#fillDynamicScalars(call.dynamicScalars);
      this.#randomness.fillKeys(call.keys);
      for (let i = 0; i < inputs.length; i++) call.inputs[i] = inputs[i]!.storage.read();
      for (let i = 0; i < results.length; i++) call.outputs[i] = results[i]!.write();
      this.#handle.run(call);
    } catch (error) {
      endDraws(false);
      throw error;
    } finally {
      // The caller's memory is the caller's. By hand: Array.fill is a call into C++.
      for (let i = 0; i < inputs.length; i++) call.inputs[i] = noNumbers;
      for (let i = 0; i < results.length; i++) call.outputs[i] = noNumbers;
    }
    endDraws(true);
    this.#randomness.countKeys(1);
    for (const storage of assembled.written) storage.wroteBuffer();
    commit(inputs, results);
    return resultOf(inputs, results);
  }

  /**
   * Runs off the event loop. The arguments are read now; until the runs are over, no one else can write what they write.
   * Random numbers, and masks of a generator in the mode `'mt19937'`, are drawn on the event loop: then the runs are submitted one
   * by one.
   * @throws as {@link run}.
   */
  submit(inputs: readonly Tensor[], options: SubmitOptions = {}): Runs<R> {
    // Spread, and not read with defaults: what Object.prototype may have been given is no option.
    const own: Required<SubmitOptions> = { ...ordinary, writer: this.name, ...options };
    if (!this.drawsNumbers || own.times <= 1) return this.#submit(inputs, own, 0);
    const copies = inputs.map(copyOf);
    return new RepeatedRuns(own.times, own.sums, (turn) =>
      this.#submit(copies, { ...own, times: 1, sums: null }, turn),
    );
  }

  /** Releases everything, once the last job is over; the numbers of states that no other program uses go back to the host. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    if (this.#jobs === 0) this.#free();
  }

  #submit(inputs: readonly Tensor[], options: Required<SubmitOptions>, turn: number): Runs<R> {
    const { times, counter, threads, priority, writer, holder, sequence, sums } = options;
    const { tracer, assembled, commit, resultOf } = this.#traced;
    for (const storage of assembled.written) storage.assertNotHeld(holder);
    this.#prepare(inputs);
    const isWanted = options.isWanted || this.#traced.commitsResults;
    const results = isWanted ? this.#makeOutputs() : (this.#unwanted ??= this.#makeOutputs());
    const dynamicScalars = new Float64Array(tracer.dynamicScalars.length);
    const keys = new Uint32Array(this.#randomness.keyWords);
    const reserveKeys = this.#randomness.reservation();
    const endDraws = this.#randomness.draw();
    let job: Job;
    try {
      const position = counter === null ? null : tracer.dynamicScalars.indexOf(counter);
      if (position === -1)
        throw new ArgumentError(`${this.name}: no op reads the dynamic scalar that is to count the runs`);
      this.#fillDynamicScalars(dynamicScalars);
      if (position !== null) dynamicScalars[position]! += turn;
      this.#randomness.fillKeys(keys);
      const arrays = [...inputs.map(({ storage }) => storage.read()), ...this.#randomness.numbers];
      const outputs = results.map((storage) => storage.write());
      job = this.#handle.submit({
        ...{
          inputs: arrays,
          outputs,
          isWanted,
          dynamicScalars,
          keys,
          times,
          counter: position,
          threads,
          priority,
          sums,
        },
        sequence: sequence === null ? null : sequence.jobsOf(this.#factory),
      });
    } catch (error) {
      endDraws(false);
      throw error;
    }
    // From here to the end of settle() nothing asks for memory that there may not be: what is pinned would stay so.
    const endKeys = reserveKeys(times);
    for (const storage of assembled.written) storage.pin(writer);
    this.#jobs++;
    return new Submission(job, {
      name: this.name,
      settle: (made) => {
        for (const storage of assembled.written) storage.unpin(writer);
        this.#jobs--;
        if (this.#released && this.#jobs === 0) this.#free();
        endKeys(times - made);
        endDraws(made > 0);
        if (made > 0) commit(inputs, results);
      },
      result: () => resultOf(inputs, results),
    });
  }

  #prepare(inputs: readonly Tensor[]): void {
    if (this.#released) throw new StateError(`${this.name}: it has been disposed`);
    if (this.#written.size > 0) this.#checkInputs(inputs);
    this.#traced.tracer.sideEffects.guards.check();
    for (const storage of this.#traced.assembled.states) storage.upload();
  }

  #checkInputs(inputs: readonly Tensor[]): void {
    for (let i = 0; i < inputs.length; i++)
      if (this.#written.has(inputs[i]!.storage))
        throw new StateError(`${this.name}: argument ${i} is memory that the function writes; pass a clone() of it`);
  }

  #makeOutputs(): Storage[] {
    return this.#traced.assembled.outputs.map(({ dtype, length }) => Storage.uninitialized(dtype, length));
  }

  #fillDynamicScalars(into: Float64Array): void {
    const { dynamicScalars } = this.#traced.tracer;
    for (let i = 0; i < dynamicScalars.length; i++) into[i] = dynamicScalars[i]!.value;
  }

  #free(): void {
    this.#handle.dispose();
    this.#releaseStates();
  }

  #releaseStates(): void {
    const { states } = this.#traced.assembled;
    for (const [i, side] of this.#sides.entries()) states[i]!.release(side);
  }
}

function copyOf({ storage, shape }: Tensor): Tensor {
  return new Tensor(new Storage(storage.dtype, storage.read().slice()), shape);
}
