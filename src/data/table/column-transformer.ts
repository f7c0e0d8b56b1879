import { checkOptions, checkSize, show } from '../../check.js';
import { markAsOwn } from '../../copies.js';
import { ArgumentError, ShapeError, StateError } from '../../errors.js';
import { formatShape } from '../../tensor/shape.js';
import { Tensor } from '../../tensor/tensor.js';
import { classesOf, encodeBlock, type IndexedInput, layoutOf, tensorsOf } from './blocks.js';
import { ColumnFit } from './column-fit.js';
import { indexCount, outputNames } from './fitted.js';
import { type ColumnTransformerJSON, type FittedState, stateFromJSON, stateToJSON } from './json.js';
import {
  type ColumnTransformerOptions,
  type FeatureOptions,
  readTransformerOptions,
  type TransformerSpec,
} from './options.js';
import { columnOf, type TableLike, type TableView, viewTable } from './view.js';

/** The features of a table, as a {@link ColumnTransformer} is told them. */
export type Features = readonly (string | FeatureOptions)[];

/** Options of a feature that becomes an index. */
export type OrdinalOptions = FeatureOptions & Record<'encoder', 'ordinal'>;

/** A feature that becomes an index. */
export interface OrdinalFeature {
  /** Its name in the table. */
  readonly column: string;
  /** How many indices there are. */
  readonly size: number;
}

/** Never where no feature may be ordinal. */
type MaybeOrdinal<Feature> = Feature extends FeatureOptions
  ? 'encoder' extends keyof Feature
    ? Extract<Feature['encoder'], 'ordinal'>
    : never
  : never;

/** What the model is given: a tensor; with ordinal features numbers and indices; either, where the type does not say whether there are. */
export type TableInput<F extends Features> = [MaybeOrdinal<F[number]>] extends [never]
  ? Tensor
  : Extract<F[number], OrdinalOptions> extends never
    ? Tensor | IndexedInput
    : IndexedInput;

/** Options of {@link ColumnTransformer.transform}. */
export interface TransformOptions {
  /** The number of the first row in messages: for tables that are read in parts. Default 0. */
  readonly firstRow?: number;
}

/**
 * Makes tensors of the columns of tables: {@link fit} learns means, spreads and categories from one table, {@link transform} applies them to
 * that and to others, so that a model is asked in the numbers it was trained with. Goes through JSON to the bit. After scikit-learn's
 * ColumnTransformer with StandardScaler, MinMaxScaler, OneHotEncoder, OrdinalEncoder and SimpleImputer.
 * https://scikit-learn.org/stable/modules/generated/sklearn.compose.ColumnTransformer.html
 */
export class ColumnTransformer<const F extends Features = readonly string[]> {
  /** Null for one that came from JSON. */
  readonly #spec: TransformerSpec | null;
  #fits: readonly ColumnFit[] | null = null;
  #rows = 0;
  /** Null until it is asked for. */
  #state: FittedState | null = null;

  /** @throws ArgumentError that names the option, and the column. */
  constructor(options: ColumnTransformerOptions<F>);
  /** @internal */
  constructor(options: ColumnTransformerOptions<F> | Restored);
  constructor(options: ColumnTransformerOptions<F> | Restored) {
    const isRestored = options instanceof Restored;
    this.#spec = isRestored ? null : readTransformerOptions(caller, options);
    if (isRestored) this.#state = options.state;
  }

  /**
   * Takes up one that {@link toJSON} wrote, an object or a text.
   * @throws ArgumentError for anything else.
   */
  static fromJSON<const F extends Features = readonly string[]>(json: unknown): ColumnTransformer<F> {
    const at = `${caller}.fromJSON`;
    return new ColumnTransformer<F>(new Restored(stateFromJSON(at, typeof json === 'string' ? parse(at, json) : json)));
  }

  /**
   * Learns from a table, and forgets what it knew. Returns this.
   * @throws ArgumentError or ShapeError that names column and row; it knows then what it knew.
   */
  fit(table: TableLike): this {
    return this.#learn('fit', viewTable(`${caller}.fit`, table), false);
  }

  /**
   * Learns from more rows: for tables that are read in parts. Returns this.
   * @throws as {@link fit}; StateError for one that came from JSON, which has the results only.
   */
  partialFit(table: TableLike): this {
    return this.#learn('partialFit', viewTable(`${caller}.partialFit`, table, this.#rows), true);
  }

  /** Learns from what has been looked at. @internal */
  partialFitView(view: TableView): void {
    this.#learn('partialFit', view, true);
  }

  #learn(method: string, view: TableView, isMore: boolean): this {
    const at = `${caller}.${method}`;
    const spec = this.#spec;
    if (spec === null)
      throw new StateError(`${at}: it came from JSON, without the options to learn by; make a new ColumnTransformer`);
    const columns = spec.target === null ? spec.features : [...spec.features, spec.target];
    const firstRow = isMore ? this.#rows : 0;
    const fits = columns.map((column) => {
      const fit = new ColumnFit(`${at}: column ${show(column.column)}`, column, column === spec.target, spec);
      const read = columnOf(at, view, column.column);
      fit.scan(read, view.rows, firstRow, view.holdsDates(column.column));
      return fit;
    });
    if (isMore && this.#fits !== null) this.#fits.forEach((fit, i) => void fit.merge(fits[i]!));
    else {
      const state = isMore ? null : finish(spec, fits);
      this.#fits = fits;
      this.#state = state;
      this.#rows = view.rows;
      return this;
    }
    this.#rows += view.rows;
    this.#state = null;
    return this;
  }

  /** What is known. @throws StateError before {@link fit}. @internal */
  state(method: string): FittedState {
    if (this.#state !== null) return this.#state;
    if (this.#fits === null || this.#spec === null)
      throw new StateError(`${caller}.${method}: it is not fitted yet; call fit with a table first`);
    this.#state = finish(this.#spec, this.#fits);
    return this.#state;
  }

  /** Whether {@link fit} has been called. */
  get isFitted(): boolean {
    return this.#state !== null || this.#fits !== null;
  }

  /**
   * The input of the model, a row for each of the table: float32 [rows, {@link inputSize}]; with ordinal features `{ dense, indices }`. Needs
   * no target column.
   * @throws ArgumentError or ShapeError that names column, row and what is wrong; StateError before {@link fit}.
   */
  transform(table: TableLike, options?: TransformOptions): TableInput<F> {
    const { firstRow = 0 } = checkOptions(`${caller}.transform`, options, ['firstRow']);
    const first = checkSize(`${caller}.transform`, 'firstRow', firstRow);
    return this.#encode('transform', table, false, first).input as TableInput<F>;
  }

  /** {@link fit} and {@link transform}. */
  fitTransform(table: TableLike): TableInput<F> {
    this.fit(table);
    return this.transform(table);
  }

  /** The input and the target. @internal */
  transformBoth(method: string, table: TableLike): readonly [TableInput<F>, Tensor] {
    const { input, target } = this.#encode(method, table, true);
    return [input as TableInput<F>, target!];
  }

  #encode(method: string, table: TableLike, withTarget: boolean, firstRow = 0) {
    const at = `${caller}.${method}`;
    const state = this.state(method);
    if (withTarget && state.target === null) throw new StateError(`${at}: it has no target; name one in its options`);
    const view = viewTable(at, table, firstRow);
    const layout = layoutOf(state, withTarget);
    const { storages } = encodeBlock(at, state, layout, view, firstRow);
    return tensorsOf(layout, view.rows, storages);
  }

  /** The targets of a table's rows: float32 [rows, 1], or the indices of {@link classes} in int32 [rows]. */
  transformTarget(table: TableLike): Tensor {
    return this.transformBoth('transformTarget', table)[1];
  }

  /**
   * What a model's output says in the words of the table: numbers before scaling, from [rows, 1] or [rows]; names of classes (booleans for a boolean
   * target), from [rows, classes] the largest, from int32 [rows] by index.
   * @throws ShapeError for an output of another shape; StateError without a target.
   */
  inverseTransformTarget(output: Tensor): number[] | string[] | boolean[] {
    const at = `${caller}.inverseTransformTarget`;
    const { target } = this.state('inverseTransformTarget');
    if (target === null) throw new StateError(`${at}: it has no target; name one in its options`);
    if (!(output instanceof Tensor)) throw new ArgumentError(`${at}: expected a tensor, got ${show(output)}`);
    const classes = classesOf(target);
    const { shape } = output;
    const numbers = () => Array.from(output.detach().toTypedArray(), Number);
    if (classes === null) {
      if (shape.length > 2 || shape.length === 0 || (shape[1] ?? 1) !== 1)
        throw new ShapeError(`${at}: expected shape [rows, 1] or [rows], got ${formatShape(shape)}`);
      const { center, scale } = target as typeof target & { type: 'numeric' };
      return numbers().map((number) => number * scale + center);
    }
    const isIndex = shape.length === 1 && output.dtype === 'int32';
    if (!isIndex && !(shape.length === 2 && shape[1] === classes.length))
      throw new ShapeError(
        `${at}: expected shape [rows, ${classes.length}], a number for each class, or indices in int32 [rows], got ` +
          formatShape(shape),
      );
    const indices = isIndex ? numbers() : largest(numbers(), classes.length);
    const names = indices.map((index) => {
      if (classes[index] !== undefined) return classes[index];
      throw new ArgumentError(`${at}: there is no class ${index}, there are ${classes.length}`);
    });
    return target.type === 'boolean' ? names.map((name) => name === 'true') : names;
  }

  /** The names of the model's inputs in order: `age`, `city_Paris`, `age_missing`; without ordinal features. */
  get featureNames(): string[] {
    return this.state('featureNames').features.flatMap(outputNames);
  }

  /** How many numbers of a row the model is given: its first `nn.Linear` takes as many. */
  get inputSize(): number {
    return this.featureNames.length;
  }

  /** The ordinal features in order, and how many indices each has: `new nn.Embedding(size, ...)`. */
  get cardinalities(): OrdinalFeature[] {
    return this.state('cardinalities').features.flatMap((column) =>
      column.type === 'categorical' && column.encoder === 'ordinal'
        ? [{ column: column.column, size: indexCount(column) }]
        : [],
    );
  }

  /** The classes of the target in the order of their indices; null for a target of numbers, and without one. */
  get classes(): readonly string[] | null {
    const { target } = this.state('classes');
    return target === null ? null : classesOf(target);
  }

  /** What {@link fromJSON} takes: everything that was learnt, to the bit. Put it in the file of the weights: `{ metadata: { transformer: JSON.stringify(t) } }`. */
  toJSON(): ColumnTransformerJSON {
    return stateToJSON(this.state('toJSON'));
  }

  /** What `console.log` and `String` show: `ColumnTransformer(age: numeric, city: categorical -> price: numeric)`. */
  toString(): string {
    if (!this.isFitted) return `${caller}(not fitted)`;
    const { features, target } = this.state('toString');
    const listed = features.map(({ column, type }) => `${column}: ${type}`).join(', ');
    return `${caller}(${listed}${target === null ? '' : ` -> ${target.column}: ${target.type}`})`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

markAsOwn(ColumnTransformer);

const caller = 'ColumnTransformer';

/** Stands where options do. @internal */
class Restored {
  readonly state: FittedState;

  constructor(state: FittedState) {
    this.state = state;
  }
}

function finish(spec: TransformerSpec, fits: readonly ColumnFit[]): FittedState {
  const columns = fits.map((fit) => fit.finish());
  const features = columns.slice(0, spec.features.length);
  return { features, target: spec.target === null ? null : columns.at(-1)!, naValues: spec.naValues };
}

function parse(at: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ArgumentError(`${at}: the text is no JSON`, { cause });
  }
}

/** The column of the largest number in each row, the first of equal ones. */
function largest(numbers: readonly number[], width: number): number[] {
  return Array.from({ length: numbers.length / width }, (_, row) => {
    let best = 0;
    for (let k = 1; k < width; k++) if (numbers[row * width + k]! > numbers[row * width + best]!) best = k;
    return best;
  });
}
