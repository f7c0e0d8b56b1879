/** What a model says, computed off the event loop. */
import { checkOneOf, checkOptions, show } from '../check.js';
import { Program } from '../compile/program.js';
import { ArgumentError, ShapeError, StateError } from '../errors.js';
import { withModes } from '../nn/mode-scope.js';
import { type AnyModule, Module } from '../nn/module.js';
import { formatShape } from '../tensor/shape.js';
import { Storage } from '../tensor/storage.js';
import { type Structure, takeApart } from '../tensor/structure.js';
import { noGrad } from '../tensor/tape.js';
import { Tensor } from '../tensor/tensor.js';
import { applyModel, type InputOf } from './batch.js';
import { Gate } from './gate.js';
import { observeFields } from './observe.js';
import { checkBatchSize, readSignal, readThreads } from './options.js';
import { ProgramCache } from './program-cache.js';

/** Options of {@link predict}. */
export interface PredictOptions {
  /** Rows that are computed at once; more are computed in pieces of so many, each on its own. Default 1024. */
  batchSize?: number;
  /** How many threads compute. Default: `backend.threads`. */
  threads?: number;
  /** `'background'` leaves the processor to others first. Default `'normal'`. */
  priority?: 'normal' | 'background';
  /** Rejects with the reason of the signal before the next piece. */
  signal?: AbortSignal;
}

const place = 'predict';

/** Programs are kept for so many shapes of one model. */
const mostShapes = 32;

/** Pieces that are under way at once: few, so that a training beside gets its turns however many callers there are. */
const gate = new Gate(4);

/** Programs that hold the numbers of large parameters, once and not at each run: reading such a parameter would copy it each time. */
const holders = new WeakSet<Program<Tensor[]>>();
const programs = new WeakMap<AnyModule, ProgramCache<Tensor[]>>();

/** How the tensors that a program gives become what the model gives. */
const outputs = new WeakMap<Program<Tensor[]>, Structure['rebuild']>();

/** What the model gives, taken apart. */
type Answer = Pick<Structure, 'tensors' | 'rebuild'>;

/** A prediction that was asked for. */
interface Call {
  readonly model: AnyModule;
  readonly input: Structure;
  readonly settings: Settings;
  /** Throws once the input has been written to. */
  readonly assertSame: () => void;
}

/** Checked options. */
type Settings = ReturnType<typeof readOptions>;

function readOptions(options: PredictOptions | undefined) {
  const given = checkOptions(place, options, ['batchSize', 'threads', 'priority', 'signal']);
  const { batchSize = 1024, priority = 'normal' } = given;
  if (batchSize !== Number.POSITIVE_INFINITY) checkBatchSize(place, batchSize);
  return {
    batchSize,
    threads: readThreads(place, given.threads),
    priority: checkOneOf(place, 'priority', priority, ['normal', 'background']),
    signal: readSignal(place, given.signal),
  };
}

/**
 * The model's output for an input, in evaluation mode and without gradients, computed on a thread of the library's own. The model's
 * own mode is neither used nor touched. While the model is being trained, each piece of the input sees the weights as they are
 * between two steps. Callers take turns, with each other and with trainings.
 *
 * @param model takes what `input` is, and gives a tensor, or an array or plain object of tensors, nested to any depth.
 * @param input rows [N, ...], or an array or plain object of such: `model.forward(input)` is called, or `model.forward(...input)` with an
 * array. It must not be written to before the promise settles.
 * @param options an input of more rows than `batchSize` (1024) is computed in pieces, which must give a row for each of
 * theirs: `batchSize: Infinity` keeps it whole.
 * @throws ArgumentError or ShapeError for an input that the model refuses; StateError when the input is written to meanwhile; the reason
 * of the signal. As rejections, all of them.
 */
export async function predict<In extends readonly unknown[], Out>(
  model: Module<In, Out>,
  input: InputOf<In>,
  options?: PredictOptions,
): Promise<Out> {
  if (!(model instanceof Module)) throw new ArgumentError(`${place}: expected a model, got ${show(model)}`);
  const structure = takeApart(`${place}: the input`, input);
  const settings = readOptions(options);
  settings.signal?.throwIfAborted();
  const call: Call = { model, input: structure, settings, assertSame: watchWrites(structure.tensors) };
  return (await predictAll(call)) as Out;
}

async function predictAll(call: Call): Promise<unknown> {
  const { tensors } = call.input;
  const rows = tensors[0]!.shape[0] ?? 1;
  if (rows > call.settings.batchSize) {
    checkRows(tensors, rows);
    return inPieces(call, rows);
  }
  const { tensors: results, rebuild } = await gate.pass(() => {
    call.assertSame();
    return compute(call, tensors);
  });
  return rebuild(results);
}

/** Returns what throws once an input has been written to. */
function watchWrites(inputs: readonly Tensor[]): () => void {
  const versions = inputs.map(({ storage }) => storage.version);
  return () => {
    if (inputs.some(({ storage }, i) => storage.version !== versions[i]))
      throw new StateError(`${place}: the input was written to before it was computed; pass a clone() of it`);
  };
}

function checkRows(inputs: readonly Tensor[], rows: number): void {
  if (inputs.some(({ shape }) => shape[0] !== rows))
    throw new ShapeError(
      `${place}: inputs computed in pieces must have the same number of rows, got shapes ` +
        inputs.map(({ shape }) => formatShape(shape)).join(', '),
    );
}

/** One program, one run. */
async function compute(call: Call, inputs: readonly Tensor[]): Promise<Answer> {
  const { signal, threads, priority } = call.settings;
  signal?.throwIfAborted();
  const program = noGrad(() => programFor(call, inputs));
  const runs = program.submit(inputs, { threads, priority });
  if (!holders.has(program)) {
    holders.add(program);
    program.leaveStatesToBlocks();
  }
  await runs.done;
  return { tensors: runs.result(), rebuild: outputs.get(program)! };
}

function programFor({ model, input }: Call, inputs: readonly Tensor[]): Program<Tensor[]> {
  let cache = programs.get(model);
  if (cache === undefined) programs.set(model, (cache = new ProgramCache(mostShapes)));
  return cache.get(inputs, () => record(model, input, inputs), input.form);
}

function record(model: AnyModule, input: Structure, inputs: readonly Tensor[]): Program<Tensor[]> {
  let output: Structure | null = null;
  const forward = (...args: Tensor[]) => {
    observeFields(model);
    const value = withModes(
      () => false,
      () => applyModel(model, input.rebuild(args)),
    );
    output = takeApart(`${place}: the output of the model`, value);
    return [...output.tensors];
  };
  const program = Program.record(forward, inputs, { name: place });
  outputs.set(program, output!.rebuild);
  return program;
}

async function inPieces(call: Call, rows: number): Promise<unknown> {
  const { settings, assertSame } = call;
  const { batchSize } = settings;
  const pieces: Promise<Answer>[] = [];
  for (let start = 0; start < rows; start += batchSize) {
    const end = Math.min(start + batchSize, rows);
    const piece = gate.pass(async () => {
      assertSame();
      const part = call.input.tensors.map((input) => rowsOf(input, start, end));
      return checkPiece(await compute(call, part), end - start);
    });
    // Reported by the first of them that fails.
    piece.catch(() => {});
    pieces.push(piece);
    // Two queue up, so that other callers come in between.
    if (pieces.length >= 2) await pieces[pieces.length - 2];
  }
  const results = await Promise.all(pieces);
  const [first] = results as [Answer];
  return first.rebuild(first.tensors.map((_, i) => join(results.map(({ tensors }) => tensors[i]!))));
}

function rowsOf(input: Tensor, start: number, end: number): Tensor {
  const width = input.numel / input.shape[0]!;
  // Copied when it is submitted, which is before anyone else can write there.
  const host = input.storage.read().subarray(start * width, end * width);
  return new Tensor(new Storage(input.dtype, host), [end - start, ...input.shape.slice(1)]);
}

function checkPiece(answer: Answer, rows: number): Answer {
  for (const { shape } of answer.tensors)
    if (shape[0] !== rows)
      throw new ShapeError(
        `${place}: a piece of ${rows} rows gave an output of shape ${formatShape(shape)}; ` +
          'give batchSize: Infinity when rows depend on each other',
      );
  return answer;
}

/** Rows one behind the other. */
function join(parts: readonly Tensor[]): Tensor {
  const [first] = parts as [Tensor];
  const rows = parts.reduce((sum, { shape }) => sum + shape[0]!, 0);
  const storage = Storage.uninitialized(
    first.dtype,
    parts.reduce((sum, { numel }) => sum + numel, 0),
  );
  const host = storage.write();
  let at = 0;
  for (const part of parts) {
    host.set(part.storage.read(), at);
    at += part.numel;
  }
  return new Tensor(storage, [rows, ...first.shape.slice(1)]);
}
