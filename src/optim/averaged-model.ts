import { checkBoolean, checkOptions, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { type AnyModule, Module } from '../nn/module.js';
import { allocate } from '../tensor/creation.js';
import { noGrad } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { type AverageFn, getSwaAvgFn, type MultiAverageFn } from './averages.js';

/** Options of {@link AveragedModel}. */
export interface AveragedModelOptions {
  /** How a tensor takes the next weights in. Default: the mean of all, {@link getSwaAvgFn}. */
  avgFn?: AverageFn;
  /** The same for all tensors at once; instead of avgFn. */
  multiAvgFn?: MultiAverageFn;
  /** Whether buffers are averaged too. Default false: they are copied from the model at each update. */
  useBuffers?: boolean;
}

/**
 * A copy of a model whose weights are an average of the weights that {@link updateParameters} has been given: their mean (stochastic weight
 * averaging) or an exponential moving average (`multiAvgFn: getEmaMultiAvgFn(0.999)`). State: `n_averaged`, how often it has been updated, then that of the model
 * under `module.`.
 *
 * Izmailov et al., Averaging Weights Leads to Wider Optima and Better Generalization (UAI 2018);
 * {@link https://docs.pytorch.org/docs/stable/generated/torch.optim.swa_utils.AveragedModel.html | torch.optim.swa_utils.AveragedModel}.
 */
export class AveragedModel<In extends readonly unknown[] = readonly [input: Tensor], Out = Tensor> extends Module<
  In,
  Out
> {
  /** int32 []: how often it has been updated. */
  declare n_averaged: Tensor;
  /** The copy. */
  declare module: Module<In, Out>;
  /** How a parameter is averaged, or null. */
  readonly avgFn: AverageFn | null;
  /** How lists of parameters are averaged, or null. */
  readonly multiAvgFn: MultiAverageFn | null;
  /** Whether buffers are averaged, too. */
  readonly useBuffers: boolean;

  /**
   * @param model is copied; it stays as it is.
   * @throws ArgumentError for what is no module, or both functions.
   */
  constructor(model: Module<In, Out>, options?: AveragedModelOptions) {
    super();
    const caller = 'AveragedModel';
    if (!(model instanceof Module)) throw new ArgumentError(`${caller}: expected a module, got ${show(model)}`);
    const given = checkOptions(caller, options, ['avgFn', 'multiAvgFn', 'useBuffers']);
    const { avgFn, multiAvgFn, useBuffers = false } = given;
    for (const [name, value] of Object.entries({ avgFn, multiAvgFn }))
      if (value !== undefined && typeof value !== 'function')
        throw new ArgumentError(`${caller}: ${name} must be a function, got ${show(value)}`);
    if (avgFn !== undefined && multiAvgFn !== undefined)
      throw new ArgumentError(`${caller}: Only one of avg_fn and multi_avg_fn should be provided`);
    checkBoolean(caller, 'useBuffers', useBuffers);
    this.registerModule('module', model.clone() as AnyModule);
    const count = allocate([], 'int32');
    count.storage.write()[0] = 0;
    this.registerBuffer('n_averaged', count);
    this.avgFn = avgFn ?? null;
    this.multiAvgFn = multiAvgFn ?? null;
    this.useBuffers = useBuffers;
  }

  override forward(...inputs: In): Out {
    return this.module.forward(...inputs);
  }

  /**
   * Takes the weights of a model in: the first time they are copied. Call it outside of compiled functions, after steps: it reads how often it has
   * been called.
   * @throws ArgumentError for a model with other parameters or buffers; nothing has changed then.
   */
  updateParameters(model: AnyModule): void {
    const caller = 'AveragedModel.updateParameters';
    if (!(model instanceof Module)) throw new ArgumentError(`${caller}: expected a module, got ${show(model)}`);
    const own = { parameters: this.module.parameters() as Tensor[], buffers: this.module.buffers() };
    const others = { parameters: model.parameters() as Tensor[], buffers: model.buffers() };
    for (const kind of ['parameters', 'buffers'] as const) checkAlike(caller, kind, own[kind], others[kind]);
    const averaged = this.useBuffers ? [...own.parameters, ...own.buffers] : own.parameters;
    const current = (this.useBuffers ? [...others.parameters, ...others.buffers] : others.parameters).map((each) =>
      each.detach(),
    );
    const count = this.n_averaged.item();
    noGrad(() => {
      if (count === 0) averaged.forEach((each, i) => void each.copy_(current[i]!));
      else this.#average(averaged, current, count);
      if (!this.useBuffers) own.buffers.forEach((each, i) => void each.copy_(others.buffers[i]!));
      this.n_averaged.add_(1);
    });
  }

  #average(averaged: readonly Tensor[], current: readonly Tensor[], count: number): void {
    // Counters among the buffers are averaged as floats, and cut off.
    const floats = averaged.map((each) => (each.dtype === 'int32' ? each.to('float64') : each.detach()));
    const news = current.map((each) => (each.dtype === 'int32' ? each.to('float64') : each));
    if (this.multiAvgFn !== null) this.multiAvgFn(floats, news, count);
    else {
      const average = this.avgFn ?? getSwaAvgFn();
      floats.forEach((each, i) => void each.copy_(average(each, news[i]!, count)));
    }
    averaged.forEach((each, i) => {
      if (each.dtype === 'int32') each.copy_(floats[i]!.to('int32'));
    });
  }
}

function checkAlike(caller: string, kind: string, own: readonly Tensor[], others: readonly Tensor[]): void {
  const isAlike =
    own.length === others.length && own.every((each, i) => String(each.shape) === String(others[i]!.shape));
  if (!isAlike)
    throw new ArgumentError(`${caller}: the ${kind} of the model are not those of the model that was copied`);
}
