/** Batch norm over the batches of all ranks. */

import { checkOptions } from '../check.js';
import type { ProcessGroup } from '../distributed/group.js';
import { MpiGroup } from '../distributed/mpi-group.js';
import { defaultGroup, groupOf, isInitialized } from '../distributed/process-group.js';
import { ArgumentError, ShapeError, StateError } from '../errors.js';
import { sumOverRanks } from '../functional/sum-over-ranks.js';
import { checkFloat } from '../functional/support.js';
import { normalizeOverRanks } from '../functional/sync-batch-norm.js';
import { currentTrace } from '../ops/trace.js';
import type { Tensor } from '../tensor/tensor.js';
import { BatchNorm, type BatchNormLayerOptions, batchNormKeys } from './batch-norm.js';
import type { SameFeatures } from './features.js';
import { type AnyModule, Module } from './module.js';
import { className } from './repr.js';

/** Options of {@link SyncBatchNorm}. */
export interface SyncBatchNormOptions extends BatchNormLayerOptions {
  /** Default: the group of `distributed.initProcessGroup`, as it is when the layer is called. */
  processGroup?: ProcessGroup | null;
}

let isAlone = false;

/** Runs `run` with every SyncBatchNorm a BatchNorm: what each rank computes of the whole batch. @internal */
export function withoutSync<T>(run: () => T): T {
  const before = isAlone;
  isAlone = true;
  try {
    return run();
  } finally {
    isAlone = before;
  }
}

/**
 * Batch normalisation of [N, C, ...] by mean and variance over the batches of all ranks, in training; in evaluation, and where this process is alone, as BatchNorm. Each element counts
 * the same, so that the result is that of one process with all rows; running statistics are the same on all ranks. See `functional.batchNorm`.
 *
 * In a compiled step, and in `fit` with `distributed`, sums over the ranks are part of the program: each layer waits for one in the forward pass, and for one in the backward pass.
 * Eagerly a call waits for the other ranks as PyTorch's does, which holds up the event loop; `step.async()` of a compiled step does not. Every rank calls its
 * layers in the same order. It needs the process's own group, float32 and a native backend, and knows no shards.
 *
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.SyncBatchNorm.html | torch.nn.SyncBatchNorm}, which needs GPUs.
 */
export class SyncBatchNorm extends BatchNorm<number> {
  /** Exists in types only: see {@link SameFeatures}. Its channels are features or stand in front of space, as the input has it. */
  declare readonly '~features'?: SameFeatures;
  /** The ranks that it is for; null: those of `distributed.initProcessGroup`. */
  processGroup: ProcessGroup | null;

  /** @throws ArgumentError for options that are not valid. */
  constructor(numFeatures: number, options?: SyncBatchNormOptions) {
    const given = checkOptions('SyncBatchNorm', options, [...batchNormKeys, 'processGroup']);
    const { processGroup = null, ...rest } = given;
    super(numFeatures, rest);
    this.processGroup = processGroup === null ? null : groupOf(className(this), processGroup);
  }

  /** @throws ShapeError for fewer than two dimensions, and alone in training for one element a channel; StateError for another group than the process's own. */
  override forward(input: Tensor): Tensor {
    const caller = className(this);
    checkFloat(caller, input);
    if (input.ndim < 2) throw new ShapeError(`${caller}: expected at least 2D input (got ${input.ndim}D input)`);
    if (input.shape[1] === 0)
      throw new ShapeError(`${caller}: SyncBatchNorm number of input channels should be non-zero`);
    const group = groupFor(this);
    if (group === null) return this.normalize(input);
    const { rank, size } = group;
    const ranks = { rank, size, sum: (own: Tensor) => sumOverRanks(own, 1) };
    return normalizeOverRanks(caller, input, this.settings(), ranks);
  }

  /**
   * Replaces each BatchNorm in a model, and the model itself if it is one, by a SyncBatchNorm with the same parameters and statistics: the same tensors. Other modules stay.
   * @returns the model, or what stands in its place. @throws ArgumentError for anything but a module.
   */
  static convertSyncBatchnorm<M extends AnyModule>(module: M, processGroup: ProcessGroup | null = null): M {
    if (!(module instanceof Module))
      throw new ArgumentError('SyncBatchNorm.convertSyncBatchnorm: expected a module of lanewise');
    return convert(module, processGroup, new Map()) as M;
  }
}

/** Replaces those below too. @param known what has been made, so that what stands in two places stays one. */
function convert(module: AnyModule, group: ProcessGroup | null, known: Map<AnyModule, AnyModule>): AnyModule {
  const before = known.get(module);
  if (before !== undefined) return before;
  const converted = module instanceof BatchNorm ? synced(module, group) : module;
  known.set(module, converted).set(converted, converted);
  // A child that stands in two places is listed once: the second is found when the first has been replaced.
  for (let isChanged = true; isChanged; ) {
    isChanged = false;
    for (const [name, child] of module.namedChildren()) {
      const other = convert(child, group, known);
      if (other === child) continue;
      module.registerModule(name, other);
      isChanged = true;
    }
  }
  return converted;
}

function synced(module: BatchNorm<number>, processGroup: ProcessGroup | null): SyncBatchNorm {
  const { numFeatures, eps, momentum, affine, trackRunningStats, weight, bias } = module;
  const layer = new SyncBatchNorm(numFeatures, {
    ...{ eps, momentum, affine, trackRunningStats, processGroup },
    bias: bias !== null,
  });
  if (weight !== null) layer.weight = weight;
  if (bias !== null) layer.bias = bias;
  for (const name of ['running_mean', 'running_var', 'num_batches_tracked'] as const)
    if (module[name] !== null) layer[name] = module[name];
  return layer.train(module.training);
}

/** The ranks that a call is for, or null. @throws StateError for a group that programs know nothing of. */
function groupFor(layer: SyncBatchNorm): ProcessGroup | null {
  const find = () => {
    const group = layer.processGroup ?? (isInitialized() ? defaultGroup() : null);
    return group === null || group.size === 1 ? null : group;
  };
  currentTrace()?.guard(layer, 'group', find);
  const group = layer.training && !isAlone ? find() : null;
  if (group === null || group instanceof MpiGroup) return group;
  throw new StateError(`${className(layer)}: ranks of another group than the process's own cannot be waited for`);
}
