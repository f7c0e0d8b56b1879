/** What is measured besides the loss: functions of tensors, recorded with the step. */
import { show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { abs, argmax, mean, sign, sub, to } from '../functional/index.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';

/** Metrics that have a name of their own. */
export type MetricName = 'accuracy';

/** A metric of one's own. */
export interface Metric {
  /** Under which it is reported: anything but `loss`. */
  readonly name: string;
  /**
   * The mean over the rows of a batch, a tensor of one element, from what the model gave and what was wanted. It is recorded,
   * so it computes with functions of tensors only.
   */
  readonly fn: (output: Tensor, target: Tensor) => Tensor;
}

/**
 * Share of the rows whose largest output stands where the label says: output [N, C] or [N, C, d1, ...]; target int32 labels of that shape
 * less C, or probabilities of that shape. A label that the loss ignores counts as missed.
 * @throws ShapeError for an output without classes.
 */
export function accuracy(output: Tensor, target: Tensor): Tensor {
  if (output.ndim < 2 || output.shape[1]! < 2)
    throw new ShapeError(
      `accuracy: expected outputs of shape [N, classes, ...] with two classes or more, got ${formatShape(output.shape)}; ` +
        'give a metric of your own as { name, fn }',
    );
  const found = to(argmax(output, { dim: 1 }), output.dtype);
  const wanted = target.dtype === 'int32' ? target : argmax(target, { dim: 1 });
  if (!sameShape(found.shape, wanted.shape))
    throw new ShapeError(
      `accuracy: outputs of shape ${formatShape(output.shape)} take labels of shape ${formatShape(found.shape)}, ` +
        `got ${formatShape(target.shape)}`,
    );
  return sub(1, mean(sign(abs(sub(found, to(wanted, output.dtype))))));
}

const named: Readonly<Record<MetricName, Metric['fn']>> = { accuracy };

/** Reads the option `metrics`. */
export function readMetrics(place: string, given: unknown): Metric[] {
  if (given === undefined) return [];
  if (!Array.isArray(given))
    throw new ArgumentError(`${place}: metrics must be a list of names and of { name, fn }, got ${show(given)}`);
  const metrics = Array.from(given, (each: unknown) => readMetric(place, each));
  const names = metrics.map(({ name }) => name);
  if (names.includes('loss'))
    throw new ArgumentError(`${place}: a metric cannot be called "loss": the loss is reported anyway`);
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined)
    throw new ArgumentError(`${place}: there is more than one metric of the name ${show(repeated)}`);
  return metrics;
}

function readMetric(place: string, given: unknown): Metric {
  if (typeof given === 'string') {
    if (Object.hasOwn(named, given)) return { name: given, fn: named[given as MetricName] };
    throw new ArgumentError(
      `${place}: unknown metric ${show(given)}; known is ${Object.keys(named).join(', ')}, or give { name, fn }`,
    );
  }
  if (typeof given === 'object' && given !== null && 'name' in given && 'fn' in given) {
    const { name, fn } = given;
    if (typeof name === 'string' && name !== '' && typeof fn === 'function') return { name, fn: fn as Metric['fn'] };
  }
  throw new ArgumentError(`${place}: a metric is a name or { name, fn } with a function, got ${show(given)}`);
}
