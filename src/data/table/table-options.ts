/** The options of what makes datasets of tables: columns, or a transformer that knows them; batches. */
import { checkOptions, show } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import type { Generator } from '../../random/generator.js';
import { ColumnTransformer, type Features } from './column-transformer.js';
import { type ColumnTransformerOptions, transformerKeys } from './options.js';

/** Options of {@link fromColumns}. */
export type FromColumnsOptions<F extends Features> =
  | (ColumnTransformerOptions<F> & Required<Pick<ColumnTransformerOptions<F>, 'target'>>)
  | {
      /** One that is fitted, or will be; with a target. For a table to validate with it is that of the training table. */
      readonly transformer: ColumnTransformer<F>;
    };

/** What a stream of a table's rows is told in addition to its columns. */
export interface BatchOptions {
  /** Rows in a batch; the last may have fewer. Default 32. */
  readonly batchSize?: number;
  /**
   * Rows among which the next is drawn, as the buffer of tf.data's `shuffle`: this many are kept in memory, as numbers. Sorted files need a
   * large one. Default 0: the order of the file.
   */
  readonly shuffleBuffer?: number;
  /**
   * Where the order is drawn from. Default: a generator that is seeded for each pass by the one that `manualSeed` seeds; in `fit` by that of the
   * training.
   */
  readonly generator?: Generator;
}

/** All of them, before they are checked. */
export type TableOptions<F extends Features> = Partial<ColumnTransformerOptions<F>> &
  BatchOptions & { readonly transformer?: ColumnTransformer<F>; readonly parser?: unknown };

/** The transformer that options give or describe. @param others keys of options that are about something else. */
export function readTransformer<F extends Features>(
  caller: string,
  options: TableOptions<F>,
  others: readonly (keyof TableOptions<F> & string)[],
): { transformer: ColumnTransformer<F>; given: TableOptions<F> } {
  const given: TableOptions<F> = checkOptions(caller, options, ['transformer', ...transformerKeys, ...others]);
  const { transformer, features, target } = given;
  if (transformer === undefined) {
    if (target === undefined)
      throw new ArgumentError(`${caller}: target must name the column that the model is to tell`);
    if (features === undefined)
      throw new ArgumentError(`${caller}: features must be a list of columns, got ${show(features)}`);
    const { scaler, missing, handleUnknown, naValues, maxCategories } = given;
    const rest = Object.fromEntries(
      Object.entries({ scaler, missing, handleUnknown, naValues, maxCategories }).filter(
        ([, value]) => value !== undefined,
      ),
    );
    return { transformer: new ColumnTransformer<F>({ ...rest, features, target }), given };
  }
  if (!(transformer instanceof ColumnTransformer))
    throw new ArgumentError(`${caller}: transformer must be a ColumnTransformer, got ${show(transformer)}`);
  const extra = transformerKeys.find((key) => key in given);
  if (extra !== undefined)
    throw new ArgumentError(
      `${caller}: ${extra} is for a new transformer, and there is a transformer; give one of them`,
    );
  return { transformer, given };
}
