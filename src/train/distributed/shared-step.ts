/** A step that several ranks make together: gradients of this rank's rows, their sum over all ranks, the optimizer's step. */

import { passNames } from '../../compile/passes/index.js';
import { Program } from '../../compile/program.js';
import type { SubmitOptions } from '../../compile/runs.js';
import { defaultGroup, isInitialized } from '../../distributed/process-group.js';
import { ArgumentError } from '../../errors.js';
import { MaskKeys, withBatchPart } from '../../functional/batch-part.js';
import { reshape } from '../../functional/index.js';
import { SyncBatchNorm } from '../../nn/sync-batch-norm.js';
import type { HostArray } from '../../ops/ops.js';
import { isFloat64Array } from '../../realm.js';
import { full } from '../../tensor/creation.js';
import { zeros } from '../../tensor/host-memory.js';
import { Storage } from '../../tensor/storage.js';
import { Tensor } from '../../tensor/tensor.js';
import type { BatchLoss } from '../batch-loss.js';
import type { Settings } from '../options.js';
import { listOutputs, type Measure } from '../scoring.js';
import { type Amount, amountOf, kindOf, type Measure as MeasureOf, type StepKind } from '../tallies.js';
import type { Distribution } from './option.js';
import type { Failure, Ranks } from './ranks.js';
import type { PartsProgram, SharedResult, Sharing } from './sharing.js';

/** What the outputs of a program of gradients are: for each part its scores, then its gradients. */
export interface SharedKind {
  /** What the sums over all parts of all ranks mean. */
  readonly kind: StepKind;
  /** How many scores a part puts out. */
  readonly scores: number;
  /** What gradients are divided by: the number of parts, 1 for a sum, or what the parts put out. */
  readonly divisor: 'parts' | 'one' | Amount<number>;
  /** The parameters that it has gradients of, in their order. */
  readonly reached: readonly Tensor[];
}

/** Runs forward and backward of one part; null gradients are those of parameters that the loss does not depend on. */
export type PartStep = () => { readonly batchLoss: BatchLoss; readonly measures: readonly Measure[] };

/**
 * Records the parts of this rank one after another: the masks of each are those of its rows in the whole batch.
 * @returns what the program is to return; `note` is told what that means.
 */
export function recordParts(
  settings: Settings,
  { parts, own, first }: Distribution,
  rows: number,
  steps: readonly PartStep[],
  note: (kind: SharedKind) => void,
): Tensor[] {
  const { optimizer } = settings;
  const keys = new MaskKeys();
  const all: Tensor[] = [];
  for (let i = 0; i < own; i++) {
    optimizer.zeroGrad();
    const { batchLoss, measures } = withBatchPart({ firstRow: (first + i) * rows, rows, keys }, steps[i]!);
    const { loss, measure, isSum } = batchLoss;
    const { outputs, listed } = listOutputs(measures);
    const weight = measure.denominator.output;
    // The mean over all ranks is that of sums: each part gives its sum, and all are divided by all weights.
    if (weight === null) loss.backward();
    else loss.backward(reshape(weight.detach(), loss.shape));
    const reached = parametersOf(optimizer).filter(({ grad }) => grad !== null);
    all.push(...outputs, ...reached.map(({ grad }) => grad!));
    const times = (amount: Amount<number>): Amount<number> => ({ ...amount, perStep: amount.perStep * parts });
    const whole = listed.map(
      ({ numerator, denominator }): MeasureOf<number> => ({
        score: null,
        numerator: times(numerator),
        denominator: times(denominator),
      }),
    );
    const divisor = weight !== null ? listed[0]!.denominator : isSum ? 'one' : 'parts';
    note({ kind: kindOf(whole), scores: outputs.length, divisor, reached });
  }
  optimizer.zeroGrad();
  return all;
}

const parametersOf = (optimizer: Settings['optimizer']): Tensor[] =>
  optimizer.paramGroups.flatMap(({ params }) => params);

/** Traces the optimizer's step for gradients that are given. @param reached parameters that have one. */
function traceUpdate(caller: string, { optimizer, fuse }: Settings, reached: readonly Tensor[]): Program<Tensor> {
  const fn = (...gradients: Tensor[]) => {
    optimizer.zeroGrad();
    for (const [i, parameter] of reached.entries()) parameter.grad = gradients[i]!;
    optimizer.step();
    optimizer.zeroGrad();
    return full([1], 0);
  };
  return Program.trace(fn, reached, { name: caller, ...(fuse ? {} : { off: passNames }) });
}

/** @throws ArgumentError where a step writes or draws what depends on a rank's own rows. */
export function assertShares(caller: string, { model }: Settings, program: PartsProgram): void {
  if (program.drawsNumbers)
    throw new ArgumentError(
      `${caller}: distributed: a step draws random numbers for its own rows (rand, RReLU, a transform, masks: 'mt19937'); of dropout only masks by a counter are those of ` +
        'the whole batch',
    );
  const written = new Set(program.written);
  for (const buffer of syncedLayers(model).flatMap((layer) => layer.buffers())) written.delete(buffer.storage);
  const found = model.namedBuffers().find(([, { storage }]) => written.has(storage));
  if (found !== undefined)
    throw new ArgumentError(
      `${caller}: distributed: a step writes the buffer '${found[0]}' from the rows of one rank, as BatchNorm does its statistics; ` +
        'use nn.SyncBatchNorm (nn.SyncBatchNorm.convertSyncBatchnorm(model)), a norm without statistics of the batch, or put the layer into evaluation mode',
    );
}

/** @throws ArgumentError where layers that sum over ranks would do so over others, or part by part. */
export function assertSynced(caller: string, { model }: Settings, { group, own }: Distribution): void {
  const layers = syncedLayers(model).filter(({ training }) => training || !model.training);
  if (layers.length === 0) return;
  if (own > 1)
    throw new ArgumentError(
      `${caller}: distributed: SyncBatchNorm knows no shards: a rank computes its ${own} parts of a batch one after the other`,
    );
  const groupOf = ({ processGroup }: SyncBatchNorm) => processGroup ?? (isInitialized() ? defaultGroup() : null);
  if (layers.some((layer) => groupOf(layer) !== group))
    throw new ArgumentError(`${caller}: distributed: SyncBatchNorm is for another process group than the training`);
}

const syncedLayers = (model: Settings['model']): SyncBatchNorm[] =>
  model.modules().filter((each) => each instanceof SyncBatchNorm);

export class SharedSteps {
  readonly #caller: string;
  readonly #settings: Settings;
  readonly #ranks: Ranks;
  readonly #kinds = new WeakMap<PartsProgram, SharedKind>();
  #update: { readonly program: Program<Tensor>; readonly parameters: readonly Tensor[] } | null = null;

  constructor(caller: string, settings: Settings, ranks: Ranks) {
    this.#caller = caller;
    this.#settings = settings;
    this.#ranks = ranks;
  }

  get distribution(): Distribution {
    return this.#ranks.distribution;
  }

  /** Notes what the outputs of a program mean, and traces the step of the optimizer that follows it, before anything moves. */
  describe(program: PartsProgram, kind: SharedKind): void {
    this.#kinds.set(program, kind);
    this.#updateFor(kind.reached);
  }

  /** How data in memory are shared. @param trace records the parts of this rank, each with that number of rows. */
  sharing(trace: Sharing['trace']): Sharing {
    return { distribution: this.#ranks.distribution, trace, make: (...step) => this.make(...step) };
  }

  /** The memory of others that the optimizer's step writes. */
  get written(): Iterable<Storage> {
    return this.#update?.program.written ?? [];
  }

  #updateFor(reached: readonly Tensor[]): Program<Tensor> {
    const known = this.#update;
    const isSame =
      known?.parameters.length === reached.length && reached.every((each, i) => each === known.parameters[i]);
    if (known !== null && isSame && known.program.isCurrent()) return known.program;
    known?.program.release();
    const program = traceUpdate(this.#caller, this.#settings, reached);
    this.#update = { program, parameters: reached };
    return program;
  }

  /**
   * Makes a step with all other ranks.
   * @param explain makes the error of a run the caller's.
   * @throws what has failed on this rank, or a StateError that names another; no rank has changed anything then.
   */
  async make(
    program: PartsProgram,
    given: readonly Tensor[],
    submit: SubmitOptions,
    explain: (error: unknown) => unknown,
  ): Promise<SharedResult> {
    const { group, parts, own } = this.#ranks.distribution;
    const { kind, scores, divisor, reached } = this.#kinds.get(program)!;
    let failure: Failure | null = null;
    let found: HostArray[] | null = null;
    try {
      const runs = program.submit(given, submit);
      await runs.done;
      const each = scores + reached.length;
      found = runs.result().map(({ storage }, i) => (i % each < scores ? storage.read() : storage.write()));
    } catch (error) {
      failure = { error: explain(error) };
    }
    // What has failed sends zeros, and says so.
    const sizes = [...new Array<number>(scores).fill(1), ...reached.map(({ numel }) => numel)];
    const partOf = (i: number): HostArray[] =>
      found?.slice(i * sizes.length, (i + 1) * sizes.length) ??
      sizes.map((size, at) => zeros(at < scores ? 'float64' : reached[at - scores]!.dtype, size));
    const lists = Array.from({ length: own }, (_, i) => partOf(i));
    const none = new Float64Array(group.size);
    const reports = lists.map((list, i) =>
      Float64Array.of(
        ...(i === 0 ? this.#ranks.flags(failure) : none),
        ...list.slice(0, scores).map((each) => each[0]!),
      ),
    );
    const gradients = lists.map((list) => list.slice(scores));
    const report = reports[0]!;
    const reported = group.allReduce([report], { parts: reports.slice(1).map((each) => [each]) });
    const send = async (by: number) => {
      for (const alike of alikeOf(gradients[0]!))
        await group.allReduce(
          alike.map((i) => gradients[0]![i]!),
          { divisor: by, parts: gradients.slice(1).map((list) => alike.map((i) => list[i]!)) },
        );
    };
    // Weights are known only when all have reported; else both travel at once.
    const sent = typeof divisor === 'string' ? send(divisor === 'parts' ? parts : 1) : null;
    sent?.catch(() => {});
    try {
      await reported;
      const sums = report.slice(group.size);
      if (sent === null) await send(amountOf(divisor as Amount<number>, 1, sums) || 1);
      else await sent;
    } catch (error) {
      throw failure === null ? error : failure.error;
    }
    this.#ranks.act(report, failure);
    const inputs = reached.map(({ dtype, shape }, i) => new Tensor(new Storage(dtype, gradients[0]![i]!), shape));
    const update = this.#updateFor(reached).submit(inputs, { ...submit, isWanted: false });
    await update.done;
    return { kind, sums: report.slice(group.size) };
  }

  release(): void {
    this.#update?.program.release();
  }
}

/** The numbers of arrays of one type, which travel together. */
function alikeOf(arrays: readonly HostArray[]): number[][] {
  const numbers = [...arrays.keys()];
  const doubles = numbers.filter((i) => isFloat64Array(arrays[i]));
  const singles = numbers.filter((i) => !isFloat64Array(arrays[i]));
  return [singles, doubles].filter(({ length }) => length > 0);
}
