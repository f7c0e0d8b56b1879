/** What `fit` takes, read and checked before anything moves. */
import { checkBoolean, checkOneOf, checkOptions, checkSize, show } from '../check.js';
import { defaultMaxPrograms } from '../compile/program-cache.js';
import type { Transform } from '../data/transforms/transform.js';
import { ArgumentError } from '../errors.js';
import { type AnyModule, Module } from '../nn/module.js';
import { readThreadCount } from '../ops/backend.js';
import { LBFGS } from '../optim/lbfgs.js';
import { Optimizer } from '../optim/optimizer.js';
import { Generator } from '../random/generator.js';
import { isAbortSignal, isArray } from '../realm.js';
import type { Tensor } from '../tensor/tensor.js';
import { type Batch, BatchReader, type InputOf, type Outcome } from './batch.js';
import type { Callback } from './callback.js';
import { checkShares, type DistributedFitOptions, type Distribution, readDistributed } from './distributed/option.js';
import type { EpochResult, Progress, StepResult } from './history.js';
import { type Metric, type MetricFunction, type MetricName, type ReadMetric, readMetrics } from './metrics.js';
import { scoreNames } from './monitor.js';
import { type ReadResume, type ResumeOptions, readResume } from './resume-option.js';
import { type SampleWeights, withSampleWeights } from './sample-weight.js';
import { type ReadScheduler, readSchedulers, type Schedulers } from './schedulers.js';
import { type BatchOf, isDataset, readSource, type Source, splitSource, type TrainingData } from './source.js';

/** A loss: a module such as `new nn.CrossEntropyLoss()`, or a function. */
export type Loss<Out = Tensor, Target = Tensor> =
  | Module<readonly [output: Out, target: Target]>
  | ((output: Out, target: Target) => Tensor);

/**
 * Options of {@link fit} and {@link epochs}, for batches `[input, target]`. Either may be a tensor, or an array or plain object of tensors:
 * `model.forward(input)` is called, or `model.forward(...input)` with an array, then `loss(output, target)`.
 *
 * @typeParam In the arguments of the model's `forward`. @typeParam Out what it returns. @typeParam Target what the loss compares it with.
 */
export interface FitOptions<In extends readonly unknown[] = readonly [input: Tensor], Out = Tensor, Target = Tensor>
  extends CommonOptions<Out, Target> {
  /**
   * What to train on. An iterable is iterated again for each epoch: a DataLoader or an object with an iterator, not a generator
   * that has been called, unless there is one epoch only or the generator has enough batches for all {@link CommonOptions.stepsPerEpoch}.
   */
  train: TrainingData<Batch<InputOf<In>, Target>>;
  /** What to measure with after each epoch, in evaluation mode. Default: nothing. */
  validation?: TrainingData<Batch<InputOf<In>, Target>>;
  /** Not in this form: it says what to do with batches of another form. */
  forward?: undefined;
  /**
   * What inputs go through before the model, in training and not in validation: augmentation of images, say ({@link Transform}). It is traced as
   * part of the step, and computes where the step does, on threads of the library's own. What it draws comes from the generator of the training unless
   * it has another one; then the steps of an epoch are handed over one by one, since numbers are drawn in their order. Default: nothing.
   */
  transform?: Transform | ((input: NoInfer<InputOf<In>>) => NoInfer<InputOf<In>>);
}

/** Options of {@link fit} and {@link epochs}, for batches of any form: a tensor, a tuple or a plain object of tensors. */
export interface BatchFitOptions<Model, Data, Out, Target> extends CommonOptions<Out, Target> {
  /** As {@link FitOptions.train}. */
  train: Data;
  /** As {@link FitOptions.validation}. */
  validation?: TrainingData<BatchOf<NoInfer<Data>>>;
  /**
   * Says which part of a batch goes to the model and which to the loss, in training and in validation:
   * `(model, { image, label }) => ({ output: model.forward(image), target: label })`. It is traced, as `model.forward` is. It may
   * return `sampleWeight` too, a weight for each row.
   */
  forward: (model: Model, batch: BatchOf<Data>) => Outcome<Out, Target>;
  /** Not in this form: `forward` can transform what it is given, where `model.training` says so. */
  transform?: undefined;
}

/** What both forms of options share. */
export interface CommonOptions<Out, Target> {
  /** Holds parameters of the model. */
  optimizer: Optimizer;
  /**
   * Gives a scalar from the model's output and the target; one value for each row, where rows have weights. It is traced, so it computes
   * with functions of tensors only.
   */
  loss: Loss<Out, Target>;
  /** What to measure in addition: names, or functions of output and target. Default: nothing. */
  metrics?: readonly (MetricName | Metric<Out, Target> | MetricFunction<Out, Target>)[];
  /** Default 1. */
  epochs?: number;
  /**
   * Steps in an epoch, as Keras's `steps_per_epoch`. The next epoch goes on in the data where this one ended; when they end, they begin again: an
   * iterable is iterated again, samples in memory get a new order. So `train` may be an infinite generator. Default: an epoch is one
   * pass over the data.
   */
  stepsPerEpoch?: number;
  /**
   * Share of the samples to validate with, 0 < share < 1, as in Keras: the last of them, in the order they are given in, are not trained
   * on. Of n samples the first floor(n * (1 - share)) are. For tensors and a TensorDataset, instead of `validation`.
   */
  validationSplit?: number;
  /**
   * A weight for each sample of `train`, as in Keras: finite numbers from 0 on, [samples], which are copied. For tensors and a TensorDataset;
   * data that come in batches bring theirs, in what {@link BatchFitOptions.forward} returns. With weights w and losses l of the rows, a step minimizes
   * Σ w·l / Σ w (0 where all w are), or Σ w·l where the reduction of the loss is `'sum'`. `nn.CrossEntropyLoss` divides by Σ w·c, c being the class weight
   * of the label, 0 if ignored. A loss of one's own must give one value for each row, [rows]. The loss of an epoch is the same quotient over all its
   * samples (a sum is divided by their number), NaN without any weight; metrics do not go by weights. Validation is weighted only where its data have weights: those
   * that `validationSplit` holds out have, `validation` has when `forward` returns them. Default: all samples count alike.
   */
  sampleWeight?: SampleWeights;
  /** Rows in a step, for datasets; the last batch of an epoch may have fewer. Default 32. */
  batchSize?: number;
  /**
   * In how many pieces a batch is computed, one after the other: their gradients add up to the batch's, as in a loop that calls `backward` so often before each step of the optimizer. So
   * `batchSize` may be larger than what memory holds of one forward pass. The numbers are those of the whole batch up to the order of sums, dropout
   * included; but BatchNorm has the statistics of a piece, and other random numbers are drawn by piece. Pieces have ceil(rows / accumulate) rows, the last one
   * fewer, and a batch of few rows has fewer pieces. Default 1.
   */
  accumulate?: number;
  /** Whether each epoch has its own order, the one a DataLoader would draw: for datasets. Default true. */
  shuffle?: boolean;
  /**
   * Where orders of samples and masks of dropout are drawn from, and what `train` and `validation` draw from the default generator
   * when they are asked for a batch. Default: a fork of the generator that `manualSeed` seeds, taken when the training begins
   * ({@link Generator.fork}), so trainings side by side are reproducible. `generator: defaultGenerator` draws from that itself and
   * leaves it where a loop by hand would; then no other training may have it at the same time.
   */
  generator?: Generator;
  /** Stepped after each epoch; or after each step, when given as `{ scheduler, interval: 'step' }`. */
  schedulers?: Schedulers;
  /** How many threads compute. Default: `backend.threads`. */
  threads?: number;
  /** `'background'` leaves the processor to others first (nice 19 on Linux). Default `'normal'`. */
  priority?: 'normal' | 'background';
  /** Ends the training after the step that it is in: fit rejects with the reason of the signal. */
  signal?: AbortSignal;
  /** Ends the training after this many seconds, in the middle of an epoch if need be: fit resolves, and the history says so. */
  timeLimit?: number;
  /** Take part at the end of each epoch, in this order. */
  callbacks?: readonly Callback[];
  /**
   * A file of {@link ModelCheckpoint} (of its form with a path) to go on from, to the bits of a training that was not interrupted: weights, optimizer, schedulers, orders, masks,
   * history, callbacks with a `stateDict`. Everything else is given as it was: model, optimizer, data, options; a larger `epochs` trains on. What
   * does not fit is an ArgumentError that names the differences, and nothing is changed; so is a file that is not there, unless
   * `{ path, ifExists: true }` is given.
   *
   * Data in memory, datasets and DataLoaders go on in the middle of an epoch. Any other iterable is iterated again from its beginning, and the batches that were
   * trained on are taken from it and thrown away: so it has to give the same ones again, and may draw from the default generator for that. One
   * with methods `stateDict` and `loadStateDict` is asked and told where it stands in their place. Numbers of the caller's own sources (`Math.random`,
   * generators that `fit` does not know of, the default generator after the first `await` of an async iterable) do not come again. On another instruction set or
   * backend the training goes on, but not to the same bits.
   */
  resume?: string | URL | ResumeOptions;
  /** Called after each epoch, after the callbacks; a promise is waited for. */
  onEpoch?: (result: EpochResult) => void | Promise<void>;
  /** Called at most ten times a second, and once at the end. A promise is not waited for, but ends the training when it rejects. */
  onProgress?: (progress: Progress) => void;
  /**
   * Called after each step, before the next begins, so that what it sets holds for the next. Steps then cost a turn of
   * the event loop each. A promise is not waited for, but ends the training when it rejects.
   */
  onStep?: (step: StepResult) => void;
  /**
   * Whether the processes that a launcher has started train the model together, after `distributed.initProcessGroup()`: every rank makes the same call with the same data, `batchSize` counts the
   * rows of all ranks, and the result is that of one process up to the order of sums. Each rank computes its rows of every batch, and its share of validation; with
   * `{ shards }` to the same bits on 1, 2 and 4 ranks. A shorter last batch of tensors, and any batch whose rows do not divide among the parts, is computed whole by each. Of a Dataset or DataLoader
   * a rank reads its samples only; other iterables give whole batches on every rank. A metric of one's own is the mean over the rows of its values for each rank's part, so it has to be a mean over rows.
   * What ends the training on one rank (signal, time limit, a callback) ends it on all after the same
   * step, and what differs between ranks at the start is an error that names the rank. Rank 0 alone writes: `onProgress`, ModelCheckpoint, CSVLogger and TensorBoard are its own. Default false.
   */
  distributed?: boolean | DistributedFitOptions;
  /** How many programs are kept of a step of training, and of one of validation: see {@link CompileOptions.maxPrograms}. Default 16. */
  maxPrograms?: number;
  /** Whether steps may be computed with fused ops, as `compile` does. Without, results are those of eager code to the bit. Default true. */
  fuse?: boolean;
}

/** The options, read. */
export interface Settings {
  readonly model: AnyModule;
  /** How batches are understood. */
  readonly reader: BatchReader;
  readonly train: Source;
  readonly validation: Source | null;
  readonly optimizer: Optimizer;
  readonly loss: AnyModule | ((output: unknown, target: unknown) => unknown);
  readonly metrics: readonly ReadMetric[];
  /** What epochs can be monitored by. */
  readonly scores: readonly string[];
  readonly epochs: number;
  readonly stepsPerEpoch: number | null;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly generator: Generator | null;
  readonly schedulers: readonly ReadScheduler[];
  readonly threads: number | null;
  readonly priority: 'normal' | 'background';
  readonly signal: AbortSignal | null;
  readonly timeLimit: number | null;
  readonly callbacks: readonly Callback[];
  readonly onEpoch: ((result: EpochResult) => void | Promise<void>) | null;
  readonly onProgress: ((progress: Progress) => void) | null;
  readonly onStep: ((step: StepResult) => void) | null;
  /** Pieces that a batch is computed in. */
  readonly accumulate: number;
  readonly fuse: boolean;
  readonly maxPrograms: number;
  readonly resume: ReadResume | null;
  /** Null where one process computes whole batches. */
  readonly distributed: Distribution | null;
}

/** Either form of options, before it is checked. */
type GivenOptions = Omit<FitOptions, 'forward' | 'transform'> & { forward: unknown; transform: unknown };

const keys = [
  ...([
    'train',
    'validation',
    'optimizer',
    'loss',
    'metrics',
    'forward',
    'transform',
    'epochs',
    'stepsPerEpoch',
    'validationSplit',
    'sampleWeight',
  ] as const),
  ...(['batchSize', 'accumulate', 'shuffle', 'schedulers', 'generator'] as const),
  ...([
    'threads',
    'priority',
    'signal',
    'timeLimit',
    'callbacks',
    'onEpoch',
    'onProgress',
    'onStep',
    'fuse',
    'maxPrograms',
    'resume',
    'distributed',
  ] as const),
];

/** @throws ArgumentError, ShapeError for what cannot be trained with. */
export function readOptions(caller: string, model: unknown, options: unknown): Settings {
  if (!(model instanceof Module)) throw new ArgumentError(`${caller}: expected a model, got ${show(model)}`);
  if (options === undefined) throw new ArgumentError(`${caller}: options are required: train, optimizer, loss`);
  const given = checkOptions<GivenOptions>(caller, options as GivenOptions, keys);
  const { epochs = 1, shuffle = true, priority = 'normal', callbacks = [], fuse = true } = given;
  const { batchSize = 32, maxPrograms = defaultMaxPrograms } = given;
  checkBatchSize(caller, batchSize);
  const { optimizer, loss } = given;
  if (!(optimizer instanceof Optimizer))
    throw new ArgumentError(`${caller}: optimizer must be an optimizer, got ${show(optimizer)}`);
  if (optimizer instanceof LBFGS)
    throw new ArgumentError(
      `${caller}: LBFGS computes several losses a step: call its step(closure) in a loop by hand`,
    );
  const isLoss = loss instanceof Module || (typeof loss === 'function' && !(loss.prototype instanceof Module));
  if (!isLoss)
    throw new ArgumentError(
      `${caller}: loss must be a module such as nn.CrossEntropyLoss, or a function of output and target, got ${show(loss)}`,
    );
  const parameters = new Set<Tensor>(model.parameters());
  if (!optimizer.paramGroups.some(({ params }) => params.some((param) => parameters.has(param))))
    throw new ArgumentError(`${caller}: the optimizer holds no parameter of the model`);
  checkBoolean(caller, 'shuffle', shuffle);
  const reader = new BatchReader(caller, model, given.forward, given.transform);
  const { train, validation } = readData(caller, given, reader, { batchSize, shuffle });
  const ownBatches = train.kind === 'batches' && !isDataset(given.train);
  if (ownBatches && given.shuffle !== undefined)
    throw new ArgumentError(`${caller}: shuffle is for datasets; train is an iterable, whose batches have an order`);
  if (ownBatches && given.batchSize !== undefined && (validation === null || validation.kind === 'batches'))
    throw new ArgumentError(`${caller}: batchSize is for datasets; train is an iterable, which makes its own batches`);
  const distributed = readDistributed(caller, given.distributed);
  if (distributed !== null) checkShares(caller, distributed, train, batchSize);
  const accumulate = checkSize(caller, 'accumulate', given.accumulate ?? 1, 1);
  if (accumulate > 1 && distributed !== null)
    throw new ArgumentError(`${caller}: accumulate is for one process; with distributed the ranks share a batch`);
  const metrics = readMetrics(caller, given.metrics);
  const names = metrics.map(({ name }) => name);
  const scores = scoreNames(names, validation !== null);
  return {
    model,
    reader,
    train,
    validation,
    optimizer,
    loss: loss as Settings['loss'],
    metrics,
    scores,
    epochs: checkSize(caller, 'epochs', epochs, 1),
    stepsPerEpoch:
      given.stepsPerEpoch === undefined ? null : checkSize(caller, 'stepsPerEpoch', given.stepsPerEpoch, 1),
    batchSize,
    accumulate,
    shuffle,
    generator: readGenerator(caller, given.generator),
    schedulers: readSchedulers(caller, given.schedulers, optimizer, scores),
    threads: readThreads(caller, given.threads),
    priority: checkOneOf(caller, 'priority', priority, ['normal', 'background']),
    signal: readSignal(caller, given.signal),
    timeLimit: readTimeLimit(caller, given.timeLimit),
    callbacks: readCallbacks(caller, callbacks),
    onEpoch: readFunction(caller, 'onEpoch', given.onEpoch),
    onProgress: readFunction(caller, 'onProgress', given.onProgress),
    onStep: readFunction(caller, 'onStep', given.onStep),
    fuse: checkBoolean(caller, 'fuse', fuse),
    maxPrograms: checkSize(caller, 'maxPrograms', maxPrograms, 1),
    resume: readResume(caller, given.resume),
    distributed,
  };
}

/** @throws ArgumentError, ShapeError for data that do not fit, and for both `validation` and `validationSplit`. */
function readData(
  caller: string,
  { train: given, validation, validationSplit, sampleWeight }: Partial<GivenOptions>,
  reader: BatchReader,
  order: { readonly batchSize: number; readonly shuffle: boolean },
): { train: Source; validation: Source | null } {
  const source = readSource(caller, 'train', given, reader, order);
  const train = sampleWeight === undefined ? source : withSampleWeights(caller, source, sampleWeight);
  if (validationSplit === undefined) {
    const isGiven = validation !== undefined;
    const unshuffled = { ...order, shuffle: false };
    return { train, validation: isGiven ? readSource(caller, 'validation', validation, reader, unshuffled) : null };
  }
  if (validation !== undefined)
    throw new ArgumentError(`${caller}: validation and validationSplit exclude each other; give one of them`);
  return splitSource(caller, train, validationSplit);
}

/** @throws ArgumentError in PyTorch's words unless a positive integer. */
export function checkBatchSize(caller: string, batchSize: unknown): asserts batchSize is number {
  if (typeof batchSize !== 'number' || !Number.isSafeInteger(batchSize) || batchSize <= 0)
    throw new ArgumentError(
      `${caller}: batchSize should be a positive integer value, but got batchSize=${show(batchSize)}`,
    );
}

/** A number of threads, or null. */
export function readThreads(caller: string, threads: unknown): number | null {
  return threads === undefined ? null : readThreadCount(`${caller}: threads`, threads);
}

/** An AbortSignal, or null. */
export function readSignal(caller: string, signal: unknown): AbortSignal | null {
  if (signal === undefined) return null;
  if (isAbortSignal(signal)) return signal;
  throw new ArgumentError(`${caller}: signal must be an AbortSignal, got ${show(signal)}`);
}

function readTimeLimit(caller: string, timeLimit: unknown): number | null {
  if (timeLimit === undefined) return null;
  if (typeof timeLimit !== 'number' || !(timeLimit > 0))
    throw new ArgumentError(`${caller}: timeLimit must be a positive number of seconds, got ${show(timeLimit)}`);
  return timeLimit;
}

function readCallbacks(caller: string, callbacks: unknown): readonly Callback[] {
  const isList = isArray(callbacks) && callbacks.every((each) => typeof each === 'object' && each !== null);
  if (!isList) throw new ArgumentError(`${caller}: callbacks must be a list of objects, got ${show(callbacks)}`);
  return [...callbacks];
}

function readGenerator(caller: string, generator: unknown): Generator | null {
  if (generator === undefined) return null;
  if (generator instanceof Generator) return generator;
  throw new ArgumentError(`${caller}: generator must be a Generator, got ${show(generator)}`);
}

function readFunction<F>(caller: string, what: string, value: F | undefined): F | null {
  if (value === undefined) return null;
  if (typeof value !== 'function') throw new ArgumentError(`${caller}: ${what} must be a function, got ${show(value)}`);
  return value;
}
