/** What is measured in addition to the loss: functions of tensors, traced with the step. */
import { show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import { abs, argmax, mean, sign, sub, to } from '../functional/index.js';
import { isArray } from '../realm.js';
import { formatShape, sameShape } from '../tensor/shape.js';
import { showStructure } from '../tensor/structure.js';
import { Tensor } from '../tensor/tensor.js';

/** Metrics that have a name. */
export type MetricName = 'accuracy';

/**
 * The mean over the rows of a batch, a tensor of one element, from what the model gave and what was wanted. It is traced, so it
 * computes with functions of tensors only.
 */
export type MetricFunction<Out = Tensor, Target = Tensor> = (output: Out, target: Target) => Tensor;

/** A metric of one's own. A function by itself is reported under its own name. */
export interface Metric<Out = Tensor, Target = Tensor> {
  /** Under which it is reported: anything but `loss`. */
  readonly name: string;
  /** What gives it. */
  readonly fn: MetricFunction<Out, Target>;
}

/** A metric, read. */
export interface ReadMetric {
  readonly name: string;
  readonly fn: (output: unknown, target: unknown) => unknown;
}

/**
 * Share of the rows whose largest output stands where the label says: output [N, C] or [N, C, d1, ...]; target int32 labels of that shape
 * less C, or probabilities of that shape. In `fit`, labels that CrossEntropyLoss ignores are left out.
 * @throws ShapeError for an output without classes, ArgumentError for several outputs or targets.
 */
export function accuracy(output: Tensor, target: Tensor): Tensor {
  return sub(1, mean(misses(output, target)));
}

/** 0 for each label that {@link accuracy} counts as found, else 1. */
export function misses(output: Tensor, target: Tensor): Tensor {
  for (const [what, value] of Object.entries({ output, target }))
    if (!(value instanceof Tensor))
      throw new ArgumentError(
        `accuracy: expected one tensor for the ${what}, got ${showStructure(value)}; ` +
          "choose among several with { name: 'accuracy', fn: (output, target) => accuracy(output.a, target.a) }",
      );
  if (output.ndim < 2 || output.shape[1]! < 2)
    throw new ShapeError(
      `accuracy: expected outputs of shape [N, classes, ...] with two classes or more, got ${formatShape(output.shape)}; ` +
        'give a metric of your own as { name, fn }',
    );
  const found = argmax(output, { dim: 1 });
  const wanted = target.dtype === 'int32' ? target : argmax(target, { dim: 1 });
  if (!sameShape(found.shape, wanted.shape))
    throw new ShapeError(
      `accuracy: outputs of shape ${formatShape(output.shape)} take labels of shape ${formatShape(found.shape)}, ` +
        `got ${formatShape(target.shape)}`,
    );
  return sign(abs(to(sub(found, wanted), output.dtype)));
}

const named: Readonly<Record<MetricName, MetricFunction>> = { accuracy };

/** Reads the option `metrics`. */
export function readMetrics(caller: string, given: unknown): ReadMetric[] {
  if (given === undefined) return [];
  if (!isArray(given))
    throw new ArgumentError(`${caller}: metrics must be a list of names and of { name, fn }, got ${show(given)}`);
  const metrics = Array.from(given, (each: unknown) => readMetric(caller, each));
  const names = metrics.map(({ name }) => name);
  if (names.includes('loss'))
    throw new ArgumentError(`${caller}: a metric cannot be called "loss": the loss is reported anyway`);
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined)
    throw new ArgumentError(`${caller}: there is more than one metric of the name ${show(repeated)}`);
  return metrics;
}

function readMetric(caller: string, given: unknown): ReadMetric {
  if (typeof given === 'string') {
    if (Object.hasOwn(named, given)) return { name: given, fn: named[given as MetricName] as ReadMetric['fn'] };
    throw new ArgumentError(
      `${caller}: unknown metric ${show(given)}; known is ${Object.keys(named).join(', ')}, or give { name, fn }`,
    );
  }
  const [name, fn] = typeof given === 'function' ? [given.name, given] : partsOf(given);
  if (typeof name === 'string' && name !== '' && typeof fn === 'function') return { name, fn: fn as ReadMetric['fn'] };
  throw new ArgumentError(
    `${caller}: a metric is a name, a function that has one, or { name, fn } with a function, got ${show(given)}`,
  );
}

function partsOf(given: unknown): [name: unknown, fn: unknown] {
  return typeof given === 'object' && given !== null && 'name' in given && 'fn' in given
    ? [given.name, given.fn]
    : [undefined, undefined];
}
