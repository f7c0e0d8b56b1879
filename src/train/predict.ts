/** What a model says, computed off the event loop. */
import { checkOneOf, checkOptions, checkSize, show } from '../check.js';
import type { Program } from '../compile/program.js';
import type { ProcessGroup } from '../distributed/group.js';
import { groupOf } from '../distributed/process-group.js';
import { ArgumentError, StateError } from '../errors.js';
import { Module } from '../nn/module.js';
import { isPlainObject } from '../realm.js';
import { Storage } from '../tensor/storage.js';
import { takeApart } from '../tensor/structure.js';
import { noGrad } from '../tensor/tape.js';
import { Tensor } from '../tensor/tensor.js';
import type { InputOf } from './batch.js';
import { takeRows } from './distributed/batch-share.js';
import { shareRows } from './distributed/shared-rows.js';
import { type Answer, type Asked, mayBeSplit, programFor } from './forward-programs.js';
import { checkBatchSize, readSignal, readThreads } from './options.js';
import { Semaphore } from './semaphore.js';

/** Options of {@link predict}. */
export interface PredictOptions {
  /**
   * Rows that are computed at once; more are computed in pieces of this many, where the model allows it. It does when each row of its
   * outputs depends on the same row of its inputs only: not with an unbatched vector, a softmax or a mean over the rows, an output that is
   * no row each, random draws. Default 1024; `Infinity` computes everything at once.
   */
  batchSize?: number;
  /**
   * How many programs of the model are kept from call to call, those that ran last. Many numbers of rows share few programs. Default 32; see
   * {@link CompileOptions.maxPrograms}.
   */
  maxPrograms?: number;
  /** How many threads compute. Default: `backend.threads`. */
  threads?: number;
  /** `'background'` leaves the processor to others first. Default `'normal'`. */
  priority?: 'normal' | 'background';
  /** Rejects with the reason of the signal before the next piece. */
  signal?: AbortSignal;
  /**
   * Whether the processes that a launcher has started share the rows: every rank makes the same call with the same input and weights, computes its share of the rows where the model
   * allows it, and gets the whole output, to the bits of one process. A collective. Default false: each rank computes everything.
   */
  distributed?:
    | boolean
    | {
        /** Default: the group of `distributed.initProcessGroup`. */
        readonly processGroup?: ProcessGroup;
      };
}

const caller = 'predict';

/** Pieces that are under way at once: few, so that a concurrent training gets its turns however many callers there are. */
const semaphore = new Semaphore(4);

/** Programs that hold the numbers of large parameters, once and not at each run: reading such a parameter would copy it each time. */
const holders = new WeakSet<Program<Tensor[]>>();

/** A prediction that was asked for. */
interface Call {
  readonly asked: Asked;
  readonly settings: Settings;
  /** Throws once the input has been written to. */
  readonly assertSame: () => void;
}

/** Checked options. */
type Settings = ReturnType<typeof readOptions>;

function readOptions(options: PredictOptions | undefined) {
  const given = checkOptions(caller, options, [
    ...(['batchSize', 'maxPrograms', 'threads', 'priority', 'signal', 'distributed'] as const),
  ]);
  const { batchSize = 1024, maxPrograms = 32, priority = 'normal' } = given;
  if (batchSize !== Number.POSITIVE_INFINITY) checkBatchSize(caller, batchSize);
  return {
    batchSize,
    maxPrograms: checkSize(caller, 'maxPrograms', maxPrograms, 1),
    threads: readThreads(caller, given.threads),
    priority: checkOneOf(caller, 'priority', priority, ['normal', 'background']),
    signal: readSignal(caller, given.signal),
    group: readGroup(given.distributed),
  };
}

/** Null where this process computes everything. */
function readGroup(given: unknown): ProcessGroup | null {
  if (given === undefined || given === false) return null;
  if (given !== true && !isPlainObject(given))
    throw new ArgumentError(`${caller}: distributed must be true, false or { processGroup }, got ${show(given)}`);
  const what = `${caller}: distributed`;
  const { processGroup } = checkOptions<{ processGroup?: ProcessGroup }>(what, given === true ? {} : given, [
    'processGroup',
  ]);
  const group = groupOf(what, processGroup);
  return group.size === 1 ? null : group;
}

/**
 * The model's output for an input, in evaluation mode and without gradients, computed on a thread of the library's own. The model's
 * own mode is neither used nor touched. While the model is being trained, each piece of the input sees the weights as they are
 * between two steps. Callers take turns, with each other and with trainings.
 *
 * @param model takes what `input` is, and gives a tensor, or an array or plain object of tensors, nested to any depth.
 * @param input rows [N, ...], or an array or plain object of such: `model.forward(input)` is called, or `model.forward(...input)` with an
 * array. It must not be written to before the promise settles.
 * @param options an input of more rows than `batchSize` (1024) is computed in pieces, if the model is seen to compute each row of its
 * outputs from the same row of its inputs; else as a whole. The numbers are the same in any case.
 * @throws ArgumentError or ShapeError for an input that the model refuses; StateError when the input is written to meanwhile, and when another rank has failed or has another
 * input; the reason of the signal. As rejections, all of them.
 */
export async function predict<In extends readonly unknown[], Out>(
  model: Module<In, Out>,
  input: InputOf<In>,
  options?: PredictOptions,
): Promise<Out> {
  if (!(model instanceof Module)) throw new ArgumentError(`${caller}: expected a model, got ${show(model)}`);
  const structure = takeApart(`${caller}: the input`, input);
  const settings = readOptions(options);
  if (settings.group === null) settings.signal?.throwIfAborted();
  const call: Call = {
    asked: { model, input: structure, maxPrograms: settings.maxPrograms },
    settings,
    assertSame: watchWrites(structure.tensors),
  };
  return (await answer(call)) as Out;
}

async function answer(call: Call): Promise<unknown> {
  const { tensors } = call.asked.input;
  const rows = countRows(tensors);
  const { batchSize, group } = call.settings;
  if (group !== null) {
    // Of one row alone nothing is known.
    const canShare = () =>
      rows !== null && rows >= 2 * group.size && noGrad(() => mayBeSplit(call.asked, Math.ceil(rows / group.size)));
    return shareRows(group, caller, tensors, canShare, (own) =>
      answer({
        ...call,
        asked: { ...call.asked, input: { ...call.asked.input, tensors: own } },
        settings: { ...call.settings, group: null },
      }),
    );
  }
  if (rows !== null && rows > batchSize && noGrad(() => mayBeSplit(call.asked, batchSize))) {
    const joined = await inPieces(call, rows, batchSize);
    if (joined !== null) return joined;
  }
  const { tensors: results, rebuild } = await semaphore.run(() => compute(call, tensors, rows));
  return rebuild(results);
}

/** The rows that all inputs have, or null where they have not as many each. */
function countRows(tensors: readonly Tensor[]): number | null {
  const rows = tensors[0]!.shape[0];
  return rows === undefined || tensors.some(({ shape }) => shape[0] !== rows) ? null : rows;
}

/** Returns what throws once an input has been written to. */
function watchWrites(inputs: readonly Tensor[]): () => void {
  const versions = inputs.map(({ storage }) => storage.version);
  return () => {
    if (inputs.some(({ storage }, i) => storage.version !== versions[i]))
      throw new StateError(`${caller}: the input was written to before it was computed; pass a clone() of it`);
  };
}

/** One run, of a program for as many rows or for a few more. */
async function compute(call: Call, tensors: readonly Tensor[], rows: number | null): Promise<Answer> {
  const { signal, threads, priority } = call.settings;
  signal?.throwIfAborted();
  call.assertSame();
  const { program, rebuild, inputs } = noGrad(() => programFor(call.asked, tensors, rows));
  const runs = program.submit(inputs, { threads, priority });
  if (!holders.has(program)) {
    holders.add(program);
    program.leaveStatesToBuffers();
  }
  await runs.done;
  const results = runs.result();
  const isExact = inputs === tensors;
  return { rebuild, tensors: isExact ? results : results.map((result) => takeRows(result, 0, rows!)) };
}

/** Null when pieces do not give a row for each of theirs after all. */
async function inPieces(call: Call, rows: number, batchSize: number): Promise<unknown> {
  const pieces: Promise<Answer | null>[] = [];
  for (let start = 0; start < rows; start += batchSize) {
    const end = Math.min(start + batchSize, rows);
    const piece = semaphore.run(async () => {
      call.assertSame();
      const part = call.asked.input.tensors.map((input) => takeRows(input, start, end - start));
      const answered = await compute(call, part, end - start);
      return answered.tensors.every(({ shape }) => shape[0] === end - start) ? answered : null;
    });
    // Reported by the first of them that fails.
    piece.catch(() => {});
    pieces.push(piece);
    // Two queue up, so that other callers come in between.
    if (pieces.length >= 2) await pieces[pieces.length - 2];
  }
  const results = await Promise.all(pieces);
  const answers = results.filter((each) => each !== null);
  if (answers.length < results.length) return null;
  const [first] = answers as [Answer];
  return first.rebuild(first.tensors.map((_, i) => join(answers.map(({ tensors }) => tensors[i]!))));
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
