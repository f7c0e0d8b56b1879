/** Tables: columns of numbers, booleans, categories and dates as tensors. */
export type { IndexedInput } from './blocks.js';
export {
  ColumnTransformer,
  type Features,
  type OrdinalFeature,
  type OrdinalOptions,
  type TableInput,
  type TransformOptions,
} from './column-transformer.js';
export { type CsvParser, type DuplexLike, type FromCsvOptions, fromCsv, type ReadableLike } from './csv.js';
export type { ColumnJSON, ColumnTransformerJSON } from './json.js';
export type {
  ColumnTransformerOptions,
  ColumnType,
  DatePart,
  Encoder,
  FeatureOptions,
  Missing,
  Scaler,
  TargetOptions,
} from './options.js';
export type { Rows } from './row-chunks.js';
export { fromColumns, TableDataset } from './table-dataset.js';
export type { BatchOptions, FromColumnsOptions } from './table-options.js';
export { type FromRowsOptions, fromRows, TableStream } from './table-stream.js';
export type { ArrowFieldLike, ArrowSchemaLike, ArrowTableLike, Column, TableLike, VectorLike } from './view.js';
