/** What a model is made of: shapes, parameters, arithmetic and memory of each layer, by a trace. */
import { checkOneOf, checkOptions, checkSize, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { withForwardObserver } from '../nn/hooked-module.js';
import { withModes } from '../nn/mode-scope.js';
import { type AnyModule, Module } from '../nn/module.js';
import { withOps } from '../ops/backend.js';
import type { DType } from '../ops/ops.js';
import { currentTrace, withTrace } from '../ops/trace.js';
import { isArray, isPlainObject } from '../realm.js';
import { noGrad } from '../tensor/grad-scope.js';
import { checkShape, numelOf, type Shape } from '../tensor/shape.js';
import { Storage } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';
import { bytesOf, Calls, mostDepth } from './summary-calls.js';
import { formatSummary, type SummaryRow } from './summary-table.js';
import { Tracer } from './tracer.js';

/**
 * What `forward` is called with: the shape of a tensor, with its batch; a tensor, of which shape and dtype are taken; or a plain object of them. An array of them is
 * several arguments.
 */
export type SummaryInput = Shape | Tensor | readonly SummaryInput[] | { readonly [name: string]: SummaryInput };

/** Options of {@link summary}. */
export interface SummaryOptions {
  /** The dtype of the inputs that are given by their shapes; a list: one for each of them in order. Default `'float32'`. */
  dtype?: DType | readonly DType[];
  /** The deepest rows; 0: the model alone. Rows of less depth count what is below them. Default: all. */
  depth?: number;
  /** The mode of the layers: `'train'` counts dropout and the statistics of norms. Default `'eval'`, as torchinfo. */
  mode?: 'eval' | 'train';
}

/** What {@link summary} gives. `String(...)` and `console.log` show a table. */
export class Summary {
  /** A row for each call of a module, callers before what they call. */
  readonly rows: readonly SummaryRow[];
  /** Numbers in all parameters, each parameter once. */
  readonly parameters: number;
  /** Those of them that require a gradient. */
  readonly trainableParameters: number;
  /** Operations of `forward`. */
  readonly flops: number;
  /** Bytes of the inputs. */
  readonly inputBytes: number;
  /** Bytes of the outputs of all modules that call no other: about what training keeps for the gradients. */
  readonly outputBytes: number;
  /** Bytes of the parameters and buffers. */
  readonly parameterBytes: number;

  /** @internal */
  constructor(rows: readonly SummaryRow[], deepest: number, totals: { inputBytes: number; outputBytes: number }) {
    const [{ parameters, trainableParameters, flops, parameterBytes }] = rows as readonly [SummaryRow];
    this.rows = rows.filter(({ depth }) => depth <= deepest);
    this.parameters = parameters;
    this.trainableParameters = trainableParameters;
    this.flops = flops;
    this.inputBytes = totals.inputBytes;
    this.outputBytes = totals.outputBytes;
    this.parameterBytes = parameterBytes;
  }

  /** The table. */
  toString(): string {
    return formatSummary(this);
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/**
 * Shapes, parameters, arithmetic and memory of every layer for an input of a shape, as a table that prints:
 *
 * ```ts
 * console.log(summary(model, [32, 1, 28, 28]));
 * ```
 *
 * `forward` is traced, as `compile` does it: nothing is computed, and no state changes, neither numbers nor generators nor modes. So the model must be one
 * that can be compiled. Hooks run.
 *
 * A FLOP is an addition, multiplication, division, comparison, root or elementary function on one element; a multiply-add is two. They are counted
 * as the library computes before anything is fused: `nn.Linear` of n rows has n·out·(2·in + 1), without bias 2·n·out·in; a convolution 2·outputs·inChannels/groups·taps, and
 * outputs for the bias; a pool one for each position of each window; softmax 5 an element, as a part of attention too; a recurrent layer 2·gates·hidden·(inputs + hidden) + 4·gates·hidden for each step and row.
 * Moving numbers (embeddings, reshaping, padding) is none.
 *
 * As {@link https://github.com/TylerYep/torchinfo | torchinfo}'s `summary`, which counts multiply-adds of some layers.
 * @throws ArgumentError for arguments that are not valid; what `forward` throws, with the layer that threw it and its input in front.
 */
export function summary(model: AnyModule, inputShape: SummaryInput, options?: SummaryOptions): Summary {
  const caller = 'summary';
  if (!(model instanceof Module)) throw new ArgumentError(`${caller}: expected a model, got ${show(model)}`);
  const given = checkOptions(caller, options, ['dtype', 'depth', 'mode']);
  const { depth = deepest, mode = 'eval', dtype = 'float32' } = given;
  checkSize(caller, 'depth', depth);
  checkOneOf(caller, 'mode', mode, ['eval', 'train']);
  const before = currentTrace();
  if (before !== null) throw before.refuse(`${caller}()`, 'call it outside of the function');
  const { args, tensors } = readInputs(caller, inputShape, dtype);
  const calls = new Calls(model as AnyModule);
  const tracer = new Tracer(caller);
  try {
    withTrace(tracer, () => {
      for (const { storage } of tensors) tracer.addInput(storage);
      const run = () => noGrad(() => (model.forward as (...inputs: unknown[]) => unknown)(...args));
      withOps(tracer.ops, () =>
        withModes(
          () => mode === 'train',
          () => withForwardObserver(calls.observer(tracer), run),
        ),
      );
    });
  } catch (error) {
    throw calls.explain(caller, error);
  } finally {
    tracer.undo();
  }
  return new Summary(calls.rows(tracer), depth, { inputBytes: bytesOf(tensors), outputBytes: calls.outputBytes });
}

/** The arguments of `forward`, tensors without numbers. */
function readInputs(caller: string, given: unknown, dtype: unknown): { args: unknown[]; tensors: Tensor[] } {
  const tensors: Tensor[] = [];
  const names = ['float32', 'float64', 'int32'] as const;
  const dtypes = isArray(dtype) ? dtype.map((each) => checkOneOf(caller, 'dtype', each as DType, names)) : null;
  const common = dtypes === null ? checkOneOf(caller, 'dtype', dtype as DType, names) : 'float32';
  let shapes = 0;
  const make = (kind: DType, shape: Shape): Tensor => {
    const tensor = new Tensor(Storage.uninitialized(kind, numelOf(shape)), shape);
    tensors.push(tensor);
    return tensor;
  };
  const read = (value: unknown, depth: number): unknown => {
    if (value instanceof Tensor) return make(value.dtype, value.shape);
    if (isShape(value)) {
      const kind = dtypes === null ? common : dtypes[shapes];
      if (kind === undefined)
        throw new ArgumentError(`${caller}: dtype has ${shapes} entries, and there are more shapes`);
      shapes++;
      return make(kind, checkShape(caller, value));
    }
    if (depth < mostDepth && isArray(value)) return value.map((each) => read(each, depth + 1));
    if (depth < mostDepth && isPlainObject(value))
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, read(each, depth + 1)]));
    throw new ArgumentError(
      `${caller}: inputShape must be a shape such as [32, 784], a tensor, or a list or plain object of them, got ${show(value)}`,
    );
  };
  const inputs = read(given, 0);
  if (dtypes !== null && dtypes.length !== shapes)
    throw new ArgumentError(`${caller}: dtype has ${dtypes.length} entries for ${shapes} shapes`);
  return { args: isArray(inputs) ? inputs : [inputs], tensors };
}

/** All rows. */
const deepest = 2 ** 16;

const isShape = (value: unknown): boolean => isArray(value) && value.every((each) => typeof each === 'number');
