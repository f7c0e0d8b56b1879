import { checkBoolean, checkNumber, checkOneOf, checkOptions, checkSize, show } from '../../check.js';
import { assertSame } from '../../distributed/agreement.js';
import type { ProcessGroup } from '../../distributed/group.js';
import { groupOf } from '../../distributed/process-group.js';
import { ArgumentError, StateError } from '../../errors.js';
import { MaskKeys, withBatchPart } from '../../functional/batch-part.js';
import { currentTrace, type Trace } from '../../ops/trace.js';
import { registerHook } from '../../tensor/hooks.js';
import { formatShape } from '../../tensor/shape.js';
import { afterBackward } from '../../tensor/tape.js';
import { Tensor } from '../../tensor/tensor.js';
import { type AnyModule, Module } from '../module.js';
import { SyncBatchNorm } from '../sync-batch-norm.js';
import { GradientReduction } from './gradient-reduction.js';

/** Options of {@link DistributedDataParallel}. */
export interface DistributedDataParallelOptions {
  /** Megabytes of gradients that travel together, the first bucket being of one megabyte at most, as in PyTorch. Default 25. */
  bucketCapMb?: number;
  /** Whether buffers (running statistics) are those of rank 0 after each step; those of SyncBatchNorm are alike by themselves. Default true. */
  broadcastBuffers?: boolean;
  /**
   * How many parts a batch has, whatever the number of ranks: a multiple of it, and both powers of 2. A rank makes `shards / ranks` forward and backward passes in a
   * step, one for each of its parts in their order. Gradients are then summed in one tree over the parts, so 1, 2 and 4 ranks compute the same bits. Default: one part for each rank.
   */
  shards?: number;
  /**
   * What is done with gradients on their way. `'bf16Compress'`: they travel as bfloat16, which halves the bytes, as by PyTorch's `bf16_compress_hook`; what rounding leaves of a rank's
   * gradient is added to the next one (error feedback), so that it is not lost. The mean is rounded to bfloat16 too. For slow links: the numbers are others than those of one process.
   * Of float32 parameters in loops by hand, without `shards`. What rounding has left is in no state dict: a training that is resumed begins without it. Default: nothing.
   */
  commHook?: 'bf16Compress';
  /** Default: the group of `initProcessGroup`. */
  processGroup?: ProcessGroup;
}

/**
 * A model that several ranks train together, each on its rows of a batch. Rank 0's parameters and buffers go to all ranks at the start; after each `backward` gradients
 * become the means over the ranks, in buckets whose order is that of the parameters, backwards.
 *
 * ```js
 * const ddp = new nn.parallel.DistributedDataParallel(model);
 * await ddp.synchronize();                 // rank 0's weights are there
 * for (const [input, target] of loader) {
 *   optimizer.zeroGrad();
 *   loss.forward(ddp.forward(input), target).backward();
 *   await ddp.synchronize();               // the gradients of all ranks are there
 *   optimizer.step();
 * }
 * ```
 *
 * Nothing blocks: `backward` hands the gradients to the group, and {@link synchronize} is a promise that they have come back. Until then they cannot be read: an
 * `optimizer.step()` without the `await` is a StateError.
 *
 * In a function that is compiled, forward, `backward` and `optimizer.step()` are one program: gradients travel while the backward pass goes on, and there is nothing to
 * await. With `shards` such a function makes all forward and backward passes of a step. It needs the process's own group, and `broadcastBuffers: false` where the model has buffers other than
 * those of SyncBatchNorm.
 *
 * Dropout draws the masks of this rank's rows, so that with the same seed on all ranks the masks put together are those of one process with the whole batch; each rank has
 * to give `forward` as many rows. The first dimension of the first argument counts them.
 *
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.parallel.DistributedDataParallel.html | torch.nn.parallel.DistributedDataParallel}.
 */
export class DistributedDataParallel<In extends readonly unknown[], Out> extends Module<In, Out> {
  /** The model. */
  readonly module: Module<In, Out>;
  readonly #reduction: GradientReduction;
  readonly #group: ProcessGroup;
  readonly #parts: number;
  #eager: StepProgress = { next: 0, keys: new MaskKeys() };
  /** How far the step is that a function being compiled makes. */
  readonly #traced = new WeakMap<Trace, StepProgress>();
  #isSynced = true;
  #isQueued = false;
  #isReady = false;
  #pending: Promise<void>;

  /**
   * @throws ArgumentError for anything but a model with parameters that require gradients, and for options that are not valid; StateError without a process group.
   */
  constructor(module: Module<In, Out>, options?: DistributedDataParallelOptions) {
    super();
    const caller = 'DistributedDataParallel';
    if (!(module instanceof Module)) throw new ArgumentError(`${caller}: expected a model, got ${show(module)}`);
    const given = checkOptions(caller, options, [
      'bucketCapMb',
      'broadcastBuffers',
      'shards',
      'commHook',
      'processGroup',
    ]);
    const { bucketCapMb = 25, broadcastBuffers = true } = given;
    if (!(checkNumber(caller, 'bucketCapMb', bucketCapMb) > 0))
      throw new ArgumentError(`${caller}: bucketCapMb must be positive, got ${bucketCapMb}`);
    checkBoolean(caller, 'broadcastBuffers', broadcastBuffers);
    const group = groupOf(caller, given.processGroup);
    this.#parts = partsOfRank(caller, given.shards, group);
    const parameters = module.parameters().filter(({ requiresGrad }) => requiresGrad);
    if (parameters.length === 0)
      throw new ArgumentError(
        `${caller}: DistributedDataParallel is not needed when a module doesn't have any parameter that requires a gradient.`,
      );
    const compresses = given.commHook !== undefined;
    if (compresses) {
      checkOneOf(caller, 'commHook', given.commHook, ['bf16Compress']);
      if (given.shards !== undefined)
        throw new ArgumentError(`${caller}: commHook and shards: what is rounded depends on the number of ranks`);
      if (parameters.some(({ dtype }) => dtype !== 'float32'))
        throw new ArgumentError(`${caller}: commHook 'bf16Compress' is for float32 parameters`);
    }
    this.#group = group;
    this.module = module;
    const synced = module.modules().filter((each) => each instanceof SyncBatchNorm);
    if (synced.length > 0 && this.#parts > 1)
      throw new ArgumentError(`${caller}: SyncBatchNorm knows no shards: a rank computes them one after the other`);
    const alike = new Set(synced.flatMap((each) => each.buffers()));
    this.#reduction = new GradientReduction(group, this.#parts, parameters, {
      bytes: bucketCapMb * 2 ** 20,
      compresses,
      buffers: broadcastBuffers ? module.buffers().filter((buffer) => !alike.has(buffer)) : [],
    });
    if (!this.#isTrivial)
      for (const parameter of parameters)
        registerHook(parameter, () => {
          this.#arrive();
          return null;
        });
    this.#pending = this.#begin(module);
    this.#pending.catch(() => {});
  }

  /** What the model computes, of this rank's rows. @throws StateError before {@link synchronize} has settled. */
  override forward(...inputs: In): Out {
    if (!this.#isReady)
      throw new StateError(
        'DistributedDataParallel: await ddp.synchronize() first: ' +
          (this.#reduction.isWaiting ? 'gradients are under way' : "rank 0's parameters have not arrived"),
      );
    const run = () => Reflect.apply(this.module.forward, this.module, inputs) as Out;
    const [first] = inputs;
    const rows = first instanceof Tensor ? first.shape[0] : undefined;
    if (this.#isTrivial || rows === undefined || rows === 0) return run();
    const { next, keys: shared } = this.#progress();
    const part = this.#group.rank * this.#parts + next;
    // Several parts of one step draw the same masks of the whole batch; two calls in one part draw two.
    const keys = this.#parts > 1 ? { keys: shared } : {};
    return withBatchPart({ firstRow: part * rows, rows, ...keys }, run);
  }

  /**
   * Settles when what is under way has arrived: rank 0's parameters and buffers after the start, the gradients of all ranks after a `backward`.
   * @throws StateError when a rank has another model, or other gradients; what the engine throws. As rejections.
   */
  async synchronize(): Promise<void> {
    this.#checkWhole('DistributedDataParallel.synchronize', this.#eager);
    const pending = this.#pending;
    await pending;
    this.#isReady = true;
  }

  /**
   * Calls `fn`, and leaves the gradients of every `backward` in it where they are: they add up, and go to the other ranks with those of the first `backward`
   * outside, as the sum. As PyTorch's `no_sync`.
   */
  noSync<T>(fn: () => T): T {
    if (typeof fn !== 'function')
      throw new ArgumentError(`DistributedDataParallel.noSync: expected a function, got ${show(fn)}`);
    if (this.#parts > 1) throw new StateError('DistributedDataParallel.noSync: not with several shards on a rank');
    const before = this.#isSynced;
    this.#isSynced = false;
    try {
      return fn();
    } finally {
      this.#isSynced = before;
    }
  }

  /** Whether nothing travels. */
  get #isTrivial(): boolean {
    return this.#group.size === 1 && this.#parts === 1;
  }

  async #begin(module: AnyModule): Promise<void> {
    const group = this.#group;
    if (group.size === 1) return;
    const tensors = [...module.namedParameters(), ...module.namedBuffers()];
    const described = tensors.map(([name, { dtype, shape }]) => `${name} ${dtype} ${formatShape(shape)}`);
    await assertSame(group, 'DistributedDataParallel', { 'another model': described.join('\n') });
    await this.#reduction.broadcast(tensors.map(([, tensor]) => tensor));
  }

  /** A gradient has arrived at a parameter. */
  #arrive(): void {
    const now = currentTrace();
    const obstacle = now === null ? null : this.#reduction.traceObstacle;
    if (now !== null && obstacle !== null) throw now.refuse(...obstacle);
    now?.guard(this, 'synced', () => this.#isSynced);
    if (!this.#isSynced || this.#isQueued) return;
    this.#isQueued = true;
    afterBackward(
      () => this.#reduce(),
      () => {
        this.#isQueued = false;
      },
    );
  }

  #reduce(): void {
    const progress = this.#progress();
    progress.next++;
    if (progress.next < this.#parts) {
      this.#reduction.keepPart();
      return;
    }
    progress.next = 0;
    progress.keys = new MaskKeys();
    if (currentTrace() !== null) {
      this.#reduction.trace();
      return;
    }
    this.#isReady = false;
    this.#pending = this.#reduction.run();
    this.#pending.catch(() => {});
  }

  /** Of the step that the function being compiled makes, or of the one by hand. */
  #progress(): StepProgress {
    const now = currentTrace();
    if (now === null) return this.#eager;
    const known = this.#traced.get(now);
    if (known !== undefined) return known;
    const progress = { next: 0, keys: new MaskKeys() };
    this.#traced.set(now, progress);
    now.check(() => this.#checkWhole('DistributedDataParallel: the compiled function', progress));
    return progress;
  }

  /** @throws StateError in the middle of a step. */
  #checkWhole(caller: string, { next }: StepProgress): void {
    if (next > 0)
      throw new StateError(
        `${caller}: ${next} of the ${this.#parts} shards of this rank have been through backward(); a step is all of them`,
      );
  }
}

/** Where a step of several parts stands. */
interface StepProgress {
  /** How many parts have been through `backward`. */
  next: number;
  /** Of the masks that its parts share. */
  keys: MaskKeys;
}

/** Parts that a rank has of a batch. @throws ArgumentError for a number of shards that does not divide among the ranks. */
export function partsOfRank(caller: string, shards: unknown, { size }: ProcessGroup): number {
  if (shards === undefined) return 1;
  const count = checkSize(caller, 'shards', shards, 1);
  const isPower = (n: number) => Number.isInteger(Math.log2(n));
  if (count % size !== 0 || (count !== size && !(isPower(count) && isPower(size))))
    throw new ArgumentError(
      `${caller}: shards must be a multiple of the number of ranks, and both powers of 2, got ${count} for ${size} ranks`,
    );
  return count / size;
}
