/** A model as an ONNX file. */
import { checkBoolean, checkOptions, readList, show } from '../check.js';
import { version } from '../copies.js';
import { ArgumentError, LanewiseError, StateError } from '../errors.js';
import { writeAtomically } from '../io/atomic-write.js';
import { type AnyModule, Module } from '../nn/module.js';
import type { OpName } from '../ops/ops.js';
import { currentTrace } from '../ops/trace.js';
import { isArray, isPlainObject } from '../realm.js';
import { join } from './call.js';
import { type Example, type ExampleInput, readExample, withBatch } from './example.js';
import { finish } from './finish.js';
import { Graph, type Value } from './graph.js';
import type { Handler } from './handlers.js';
import { Names } from './names.js';
import { handlers } from './ops/index.js';
import { encodeModel, opsets } from './proto.js';
import { Batches, type Quantity } from './quantity.js';
import { type Trace, trace } from './trace.js';
import { type NamedTensor, Translator } from './translator.js';

const place = 'exportOnnx';

/** Options of {@link exportOnnx}. */
export interface ExportOptions {
  /** Whether the first size of all inputs is left open, as `batch`. Default true. */
  dynamicBatch?: boolean;
  /** The version of the operators, 17 to 20. Default 17, which everything reads. */
  opset?: number;
  /** Names of the inputs. Default `input`; `input0`, `input1`, ... where there are several. */
  inputNames?: readonly string[];
  /** Names of the outputs. Default the keys of the object that `forward` returns; `output`; `output0`, `output1`, ... of an array. */
  outputNames?: readonly string[];
  /** Strings that are kept in the file with the model. */
  metadata?: Readonly<Record<string, string>>;
}

/**
 * Recorded at these, a model tells how its sizes depend on the batch. Primes, so that hardly a size of the model is one of them; far apart, so
 * that a bound between them is seen.
 */
const batchSizes = [5, 13, 101];

/**
 * A model as the bytes of an ONNX file, for onnxruntime and everything else that reads ONNX: the inference of `model` in evaluation mode,
 * whatever mode it is in. `forward` is called with tensors that have no numbers, and what it does to them becomes the graph, so models of
 * one's own are exported as any other. Parameters and buffers keep their names.
 *
 * ```ts
 * import { exportOnnx } from 'lanewise/onnx';
 * writeFileSync('model.onnx', exportOnnx(model, [1, 784]));
 * ```
 *
 * As with a compiled function, JavaScript runs once: branches are those of the example, and numbers of tensors cannot be read. With
 * `dynamicBatch` (the default) `forward` runs at several batch sizes, and the file takes any of them; a size, or a tensor made from JavaScript, that
 * does not grow with the batch in a simple way is refused. Indices out of range are the runtime's to find: ONNX counts negative ones from
 * the end.
 * @param example the shape of the input with its batch (`[1, 784]`), `{ shape, dtype }`, a tensor, or an array of these, one for each argument
 * of `forward`.
 * @throws ArgumentError for bad arguments, and for more than 2 GiB. @throws StateError for what has no ONNX form, with the name of the module
 * that does it; nothing of the model has changed then.
 */
export function exportOnnx<In extends readonly unknown[], Out>(
  model: Module<In, Out>,
  example: Example,
  options?: ExportOptions,
): Uint8Array {
  if (!(model instanceof Module)) throw new ArgumentError(`${place}: expected a Module, got ${show(model)}`);
  if (currentTrace() !== null) throw new StateError(`${place}: a model cannot be exported while a function is traced`);
  const { dynamicBatch, opset, metadata, inputNames, outputNames } = readOptions(options);
  const inputs = readExample(place, example);
  const { traces, batches } = traceAll(model as AnyModule, inputs, dynamicBatch);
  const named = namedTensors(model as AnyModule);
  const ins = checkNames('inputNames', inputNames ?? numbered('input', inputs.length), inputs.length);
  const results = resultsOf(traces);
  const outs = checkNames('outputNames', outputNames ?? results.map(({ name }) => name), results.length);
  const parameters = [...named.values()].map(({ name }) => name);
  checkDistinct([...ins, ...outs], parameters);
  const graph = new Graph(batches, opset, new Names([...ins, ...outs, ...parameters]));
  const values = translate(graph, traces, ins, results, named);
  const outputs = finish(graph, values, outs);
  return encodeModel(graph, outputs, { name: model.constructor.name, version, metadata });
}

/** {@link exportOnnx} into a file, which is there whole or not at all. @throws as it, and ArgumentError for a file that cannot be written. */
export async function saveOnnx<In extends readonly unknown[], Out>(
  path: string | URL,
  model: Module<In, Out>,
  example: Example,
  options?: ExportOptions,
): Promise<void> {
  await writeAtomically('saveOnnx', path, [exportOnnx(model, example, options)]);
}

interface Result {
  readonly name: string;
  readonly memory: number;
  readonly shape: readonly Quantity[];
}

function readOptions(options: ExportOptions | undefined) {
  const {
    dynamicBatch = true,
    opset = 17,
    metadata = {},
    ...names
  } = checkOptions(place, options, ['dynamicBatch', 'opset', 'inputNames', 'outputNames', 'metadata']);
  checkBoolean(place, 'dynamicBatch', dynamicBatch);
  if (!opsets.includes(opset))
    throw new ArgumentError(`${place}: opset must be one of ${opsets.join(', ')}, got ${show(opset)}`);
  if (!isPlainObject(metadata) || Object.values(metadata).some((value) => typeof value !== 'string'))
    throw new ArgumentError(`${place}: metadata must be an object of strings, got ${show(metadata)}`);
  return { dynamicBatch, opset, metadata, ...names };
}

/** The model traced as it is called with the example, or at several batch sizes. */
function traceAll(model: AnyModule, inputs: readonly ExampleInput[], dynamicBatch: boolean) {
  if (!dynamicBatch || inputs.length === 0) return { traces: [trace(place, model, inputs)], batches: new Batches([1]) };
  const batches = new Batches(batchSizes);
  const traces = batchSizes.map((batch) => {
    const given = withBatch(place, inputs, batch);
    try {
      return trace(place, model, given);
    } catch (error) {
      // Where the example goes through, it is the batch that does not.
      if (!(error instanceof LanewiseError) || !runs(model, inputs)) throw error;
      throw new StateError(
        `${place}: the model takes the example, but not a batch of ${batch} (${error.message}); export with dynamicBatch: false`,
        { cause: error },
      );
    }
  });
  return { traces, batches };
}

function runs(model: AnyModule, inputs: readonly ExampleInput[]): boolean {
  try {
    trace(place, model, inputs);
    return true;
  } catch {
    return false;
  }
}

/** Parameters and buffers by their memory, under the first of their names. */
function namedTensors(model: AnyModule): Map<object, NamedTensor> {
  const found = new Map<object, NamedTensor>();
  for (const [name, tensor] of [...model.namedParameters(), ...model.namedBuffers()])
    if (!found.has(tensor.storage)) found.set(tensor.storage, { name, tensor });
  return found;
}

/** What the model returns, with shapes that depend on the batch. */
function resultsOf(traces: readonly Trace[]): Result[] {
  const [first] = traces as [Trace];
  return first.outputs.map(({ key, memory, shape }, i) => {
    const shapes = traces.map(({ outputs }) => outputs[i]?.shape);
    if (shapes.some((each) => each?.length !== shape.length))
      throw new StateError(
        `${place}: the model returns other tensors at other batch sizes; export with dynamicBatch: false`,
      );
    const name = key === null ? 'output' : /^\d+$/.test(key) ? `output${key}` : key;
    return { name, memory, shape: shape.map((_, dim) => shapes.map((each) => each![dim]!)) };
  });
}

function translate(
  graph: Graph,
  traces: readonly Trace[],
  inputNames: readonly string[],
  results: readonly Result[],
  named: ReadonlyMap<object, NamedTensor>,
): Value[] {
  const joined = join(place, traces);
  const to = new Translator(graph, joined, named);
  for (const [memory, name] of inputNames.entries()) {
    const { dtype } = joined.memories[memory]!;
    const shapes = traces.map(({ inputs }) => inputs[memory]!.shape);
    const shape = shapes[0]!.map((_, dim) => shapes.map((each) => each[dim]!));
    to.bind(memory, graph.input(name, dtype, shape));
  }
  for (const call of joined.calls) {
    graph.place = call.place;
    (handlers[call.op] as Handler<OpName>)(call, to);
  }
  graph.place = '';
  return results.map(({ memory, shape }) => to.readAs(memory, shape));
}

const numbered = (stem: string, count: number): string[] =>
  count === 1 ? [stem] : Array.from({ length: count }, (_, i) => `${stem}${i}`);

function checkNames(what: string, names: unknown, count: number): string[] {
  if (!isArray(names) || names.length !== count)
    throw new ArgumentError(`${place}: ${what} must be an array of ${count} names, got ${show(names)}`);
  return readList(place, what, names, (name) => {
    if (typeof name === 'string' && name !== '') return name;
    throw new ArgumentError(`${place}: ${what} must hold names, got ${show(name)}`);
  });
}

function checkDistinct(names: readonly string[], parameters: readonly string[]): void {
  const taken = new Set(parameters);
  for (const name of names) {
    if (taken.has(name))
      throw new ArgumentError(`${place}: the name ${show(name)} stands for two tensors; set inputNames or outputNames`);
    taken.add(name);
  }
}
