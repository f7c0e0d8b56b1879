/**
 * Which rows of a batch a process computes, when several processes share the batch. Dropout reads it, so that the masks of all parts, put together, are the
 * mask that one process draws for the whole batch.
 */
import { ArgumentError } from '../errors.js';
import { currentTrace, type Trace } from '../ops/trace.js';
import type { Generator } from '../random/generator.js';
import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';

/** A part of a batch. */
export interface BatchPart {
  /** The number of its first row in the whole batch. */
  readonly firstRow: number;
  /** How many rows it has. */
  readonly rows: number;
  /** The keys of masks, of a part that others of the same step are computed behind. Default: drawn. */
  readonly keys?: MaskKeys;
}

/** The keys that the parts of one step share: each part asks for them in the same order. */
export class MaskKeys {
  readonly #drawn: { readonly generator: Generator; readonly key: Tensor }[] = [];
  #next = 0;

  /** A part begins. */
  begin(): void {
    this.#next = 0;
  }

  /** The key that a part before has drawn at this place, or a new one. */
  get(generator: Generator, draw: () => Tensor): Tensor {
    const known = this.#drawn[this.#next++];
    if (known !== undefined && known.generator === generator) return known.key;
    const key = draw();
    this.#drawn.splice(this.#next - 1, Number.POSITIVE_INFINITY, { generator, key });
    return key;
  }
}

interface Scope extends BatchPart {
  /** The trace that the scope was opened in. */
  readonly trace: Trace | null;
}

let current: Scope | null = null;

/** The owner of what traces depend on here. */
const scopes = {};

/** Runs `run` with its dropout drawing the masks of these rows. @internal */
export function withBatchPart<T>(part: BatchPart, run: () => T): T {
  const before = current;
  current = { ...part, trace: currentTrace() };
  part.keys?.begin();
  try {
    return run();
  } finally {
    current = before;
  }
}

/** A program has its rows baked in: one that is traced outside of a scope, or in a scope around it, depends on the scope. */
function part(): Scope | null {
  const now = currentTrace();
  if (now !== null && (current === null || current.trace !== now))
    now.guard(scopes, 'part', () =>
      current === null || current.trace === now ? null : `${current.firstRow} ${current.rows}`,
    );
  return current;
}

/**
 * The first row of a tensor in the whole batch, as dropout counts: rows of a matrix with that number of columns. The first dimension of the tensor is taken for the
 * batch when it is a multiple of the part's rows and another follows it; another tensor (weights, say) has the same mask in every part.
 */
export function rowOffsetOf(shape: Shape, columns: number): number {
  const own = part();
  if (own === null || own.firstRow === 0) return 0;
  const first = shape[0] ?? 1;
  if (first === 0 || first % own.rows !== 0) return 0;
  const rows = shape.reduce((product, size) => product * size, 1) / columns;
  const rowsOfEach = rows / own.rows;
  // A tensor of one dimension is a single row, whose masks differ from part to part but are not those of the whole.
  return Number.isInteger(rowsOfEach) ? own.firstRow * rowsOfEach : own.firstRow;
}

/** A key from the part's keys, or a new one. */
export function sharedKey(generator: Generator, draw: () => Tensor): Tensor {
  const keys = part()?.keys;
  return keys === undefined ? draw() : keys.get(generator, draw);
}

/** @throws ArgumentError while a part of a batch is computed, for what is drawn element by element. */
export function assertWholeBatch(): void {
  if (part() === null) return;
  throw new ArgumentError(
    "dropout: masks: 'mt19937' come from one stream for the whole batch, and this process has a part of it; use manualSeed(seed) without masks",
  );
}
