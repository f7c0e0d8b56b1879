import { markAsOwn } from '../../copies.js';
import type { Tensors } from '../../tensor/structure.js';
import type { Tensor } from '../../tensor/tensor.js';
import { TensorDataset } from '../dataset.js';
import type { ColumnTransformer, Features, TableInput } from './column-transformer.js';
import { type FromColumnsOptions, readTransformer } from './table-options.js';
import type { TableLike } from './view.js';

/** The rows of a table as samples `[input, target]`: what {@link fromColumns} makes. */
export class TableDataset<F extends Features, Input extends Tensors> extends TensorDataset<readonly [Input, Tensor]> {
  /** What made the tensors: makes those of other tables, and words of predictions. */
  readonly transformer: ColumnTransformer<F>;

  /** @internal */
  constructor(transformer: ColumnTransformer<F>, input: Input, target: Tensor) {
    super(input, target);
    this.transformer = transformer;
  }
}

markAsOwn(TableDataset);

/**
 * A dataset of a table: columns by name, a list of records, or a table of Apache Arrow. Without a `transformer` one is fitted to the table;
 * it is the dataset's `transformer`. Numbers are standardised, categories one-hot, unless the options say otherwise.
 * @throws ArgumentError or ShapeError that names column, row and what is wrong.
 */
export function fromColumns<const F extends Features>(
  table: TableLike,
  options: FromColumnsOptions<F>,
): TableDataset<F, TableInput<F>> {
  const caller = 'fromColumns';
  const { transformer } = readTransformer<F>(caller, options, []);
  if (!transformer.isFitted) transformer.fit(table);
  const [input, target] = transformer.transformBoth('transform', table);
  return new TableDataset(transformer, input, target);
}
