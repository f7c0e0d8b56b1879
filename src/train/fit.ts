import type { AnyModule, Module } from '../nn/module.js';
import type { EpochResult, History } from './history.js';
import { type BatchFitOptions, type FitOptions, readOptions } from './options.js';
import { Training } from './training.js';

/**
 * Trains a model on threads of the library's own; the event loop stays free. Each step (forward, loss, gradients, the optimizer's
 * step, metrics) is a traced program. Samples are shuffled as a DataLoader with `shuffle: true` does after the same `manualSeed`:
 * orders and masks come from a generator of the training's own (the option `generator`), so that trainings side by side are reproducible.
 * Layers train in their own modes, or all in training mode when the model is in evaluation mode; no mode is changed.
 *
 * Meanwhile what the model and the optimizer hold may be read (as it is between two steps); writing to it is a StateError, except
 * from callbacks, `onEpoch` and `onStep`, until what they return settles (of `onStep`, until it returns), and between two turns
 * of a loop over `epochs`. Rates that are changed by hand hold from the next epoch on, in `onStep` from the next step on. Afterwards gradients
 * are cleared.
 *
 * @returns what happened in each epoch.
 * @throws ArgumentError or ShapeError for options and data that do not fit, before anything moves; StateError when the model is being
 * trained already; the reason of the signal, within about 50 ms or when the step in progress is over, whichever takes longer; what
 * an iterable or a callback throws. As rejections, all of them. When the promise settles, whichever way, model, optimizer and data
 * can be used at once; model and optimizer are as after the last whole step.
 */
export async function fit<In extends readonly unknown[], Out, Target>(
  model: Module<In, Out>,
  options: FitOptions<In, Out, Target>,
): Promise<History>;
/** The same for batches of any form: the option `forward` says what goes to the model and what to the loss. */
export async function fit<Model extends AnyModule, const Data, Out, Target>(
  model: Model,
  options: BatchFitOptions<Model, Data, Out, Target>,
): Promise<History>;
export async function fit(model: AnyModule, options: unknown): Promise<History> {
  const run = Training.run('fit', readOptions('fit', model, options));
  for (;;) {
    const next = await run.next();
    if (next.done === true) return next.value;
  }
}

/**
 * The same as {@link fit}, epoch by epoch: `for await (const epoch of epochs(model, options))`. The next epoch begins when it is asked
 * for; leaving the loop ends the training. Bad options are thrown at once, the rest when it is iterated.
 */
export function epochs<In extends readonly unknown[], Out, Target>(
  model: Module<In, Out>,
  options: FitOptions<In, Out, Target>,
): AsyncGenerator<EpochResult, History, undefined>;
/** The same for batches of any form. */
export function epochs<Model extends AnyModule, const Data, Out, Target>(
  model: Model,
  options: BatchFitOptions<Model, Data, Out, Target>,
): AsyncGenerator<EpochResult, History, undefined>;
export function epochs(model: AnyModule, options: unknown): AsyncGenerator<EpochResult, History, undefined> {
  return Training.run('epochs', readOptions('epochs', model, options));
}
