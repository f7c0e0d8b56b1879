/** What a column is and how it becomes numbers: the options, read and checked. */
import { checkOneOf, checkOptions, checkSize, readList, show } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import { isArray } from '../../realm.js';
import { defaultNaValues, toCategory } from './cells.js';

/** What the cells of a column are. */
export type ColumnType = 'numeric' | 'boolean' | 'categorical' | 'date';

/**
 * How numbers are scaled: `'standard'` to mean 0 and standard deviation 1 as scikit-learn's StandardScaler, `'minMax'` to 0 to 1 as its
 * MinMaxScaler, `'none'` not at all. The statistics are float64.
 */
export type Scaler = 'standard' | 'minMax' | 'none';

/** How categories become numbers: a column of 0 and 1 for each of them, or their index in int32 for an `nn.Embedding`. */
export type Encoder = 'oneHot' | 'ordinal';

/**
 * What a missing value does: `'error'` refuses it by row and column; `'mean'` takes the mean of the column; `'indicator'` takes the mean and
 * adds a column of 0 and 1 that says so if `fit` has seen missing values. To categories `'indicator'` adds a separate one.
 */
export type Missing = 'error' | 'mean' | 'indicator';

/**
 * What of a date is told to the model: `'time'` as days since 1970, scaled; the others as sine and cosine of their cycle, so that December is
 * next to January. All in UTC.
 */
export type DatePart = 'time' | 'month' | 'day' | 'weekday' | 'hour';

/** A column that the model sees. */
export interface FeatureOptions {
  /** Its name in the table. */
  readonly column: string;
  /**
   * Default: found by `fit`. Texts count as what they say, as those of a CSV file do. A column in which numbers or dates stand among
   * other values is refused, as it may be a slip.
   */
  readonly type?: ColumnType;
  /** For numbers and dates. Default `'standard'`. */
  readonly scaler?: Scaler;
  /** For categories. Default `'oneHot'`. */
  readonly encoder?: Encoder;
  /** The categories in their order. Default: those that `fit` sees, sorted. */
  readonly categories?: readonly (string | number | boolean)[];
  /**
   * What a category does that `fit` has not seen: `'error'` refuses it by name, `'ignore'` gives zeros for one-hot and a separate index
   * after all others for ordinal. Default `'error'`.
   */
  readonly handleUnknown?: 'error' | 'ignore';
  /** Default `'error'`. */
  readonly missing?: Missing;
  /** For dates. Default `['time']`. */
  readonly parts?: readonly DatePart[];
}

/** The column that the model is to tell. */
export interface TargetOptions {
  /** Its name in the table. */
  readonly column: string;
  /**
   * `'numeric'`: regression, float32 [rows, 1]. `'categorical'`, `'boolean'`: classification, the index of the class in int32 [rows].
   * Default: found by `fit`.
   */
  readonly type?: Exclude<ColumnType, 'date'>;
  /** For numbers. Default `'none'`. */
  readonly scaler?: Scaler;
  /** The classes in their order. Default: those that `fit` sees, sorted. */
  readonly categories?: readonly (string | number | boolean)[];
}

/** Options of a {@link ColumnTransformer}. */
export interface ColumnTransformerOptions<Features extends readonly (string | FeatureOptions)[]> {
  /** The columns that the model sees, by name or with options. */
  readonly features: Features;
  /** The column that it is to tell. Default: none. */
  readonly target?: string | TargetOptions;
  /** For all features that do not say it. */
  readonly scaler?: Scaler;
  /** For all features that do not say it; `'mean'` for a column of categories is an error. */
  readonly missing?: Missing;
  /** For all features that do not say it. */
  readonly handleUnknown?: 'error' | 'ignore';
  /** Texts that stand for a missing value. Default: empty, NA, N/A, #N/A, NaN, nan, null, NULL. */
  readonly naValues?: readonly string[];
  /** A column with more categories is refused: it is an identifier, mostly. Default 1000. */
  readonly maxCategories?: number;
}

/** A column's options, with all that was left out. */
export interface ColumnSpec {
  readonly column: string;
  readonly type: ColumnType | null;
  readonly scaler: Scaler;
  readonly encoder: Encoder;
  readonly categories: readonly string[] | null;
  readonly handleUnknown: 'error' | 'ignore';
  readonly missing: Missing;
  readonly parts: readonly DatePart[];
}

/** The options of a transformer, read. */
export interface TransformerSpec {
  readonly features: readonly ColumnSpec[];
  readonly target: ColumnSpec | null;
  readonly naValues: readonly string[];
  readonly maxCategories: number;
}

export const types: readonly ColumnType[] = ['numeric', 'boolean', 'categorical', 'date'];
export const scalers: readonly Scaler[] = ['standard', 'minMax', 'none'];
export const encoders: readonly Encoder[] = ['oneHot', 'ordinal'];
export const missings: readonly Missing[] = ['error', 'mean', 'indicator'];
export const unknowns = ['error', 'ignore'] as const;
export const dateParts: readonly DatePart[] = ['time', 'month', 'day', 'weekday', 'hour'];

/** The options of a transformer by name. */
export const transformerKeys = [
  'features',
  'target',
  'scaler',
  'missing',
  'handleUnknown',
  'naValues',
  'maxCategories',
] as const;

type AnyOptions = ColumnTransformerOptions<readonly (string | FeatureOptions)[]>;

/** @throws ArgumentError that names the option, and the column. */
export function readTransformerOptions(caller: string, options: AnyOptions): TransformerSpec {
  const given = checkOptions<AnyOptions>(caller, options, transformerKeys);
  const { features, target, maxCategories = 1000, naValues = defaultNaValues } = given;
  if (!isArray(features) || features.length === 0)
    throw new ArgumentError(`${caller}: features must be a list of columns, got ${show(features)}`);
  if (!isArray(naValues)) throw new ArgumentError(`${caller}: naValues must be a list of texts, got ${show(naValues)}`);
  const defaults = {
    scaler: checkOneOf(caller, 'scaler', given.scaler ?? 'standard', scalers),
    missing: checkOneOf(caller, 'missing', given.missing ?? 'error', missings),
    handleUnknown: checkOneOf(caller, 'handleUnknown', given.handleUnknown ?? 'error', unknowns),
  };
  const read = readList(caller, 'features', features, (each, i) =>
    readColumn(caller, `features[${i}]`, each, featureKeys, defaults),
  );
  const targetDefaults = { scaler: 'none', missing: 'error', handleUnknown: 'error' } as const;
  const spec = {
    features: read,
    target: target === undefined ? null : readColumn(caller, 'target', target, targetKeys, targetDefaults),
    naValues: readList(caller, 'naValues', naValues, (text) => {
      if (typeof text === 'string') return text;
      throw new ArgumentError(`${caller}: naValues must be texts, got ${show(text)}`);
    }),
    maxCategories: checkSize(caller, 'maxCategories', maxCategories, 1),
  };
  checkNames(caller, spec);
  return spec;
}

const featureKeys = [
  'column',
  'type',
  'scaler',
  'encoder',
  'categories',
  'handleUnknown',
  'missing',
  'parts',
] as const satisfies readonly (keyof FeatureOptions)[];
const targetKeys = ['column', 'type', 'scaler', 'categories'] as const satisfies readonly (keyof TargetOptions)[];

function readColumn(
  caller: string,
  what: string,
  given: unknown,
  keys: readonly (keyof FeatureOptions)[],
  defaults: Pick<ColumnSpec, 'scaler' | 'missing' | 'handleUnknown'>,
): ColumnSpec {
  const options = typeof given === 'string' ? { column: given } : given;
  if (typeof options !== 'object' || options === null)
    throw new ArgumentError(`${caller}: ${what} must be the name of a column, or options, got ${show(given)}`);
  const read = checkOptions<FeatureOptions>(`${caller}: ${what}`, options as FeatureOptions, keys);
  const { column, type } = read;
  if (typeof column !== 'string')
    throw new ArgumentError(`${caller}: ${what} must name its column, got ${show(column)}`);
  const at = `${caller}: column ${show(column)}`;
  const isTarget = keys === targetKeys;
  const parts = read.parts ?? ['time'];
  if (!isArray(parts) || parts.length === 0)
    throw new ArgumentError(`${at}: parts must be a list of ${dateParts.join(', ')}, got ${show(parts)}`);
  const spec = {
    column,
    type: type === undefined ? null : checkOneOf(at, 'type', type, isTarget ? types.slice(0, 3) : types),
    scaler: checkOneOf(at, 'scaler', read.scaler ?? defaults.scaler, scalers),
    encoder: checkOneOf(at, 'encoder', read.encoder ?? 'oneHot', encoders),
    categories: read.categories === undefined ? null : readCategories(at, read.categories),
    handleUnknown: checkOneOf(at, 'handleUnknown', read.handleUnknown ?? defaults.handleUnknown, unknowns),
    missing: checkOneOf(at, 'missing', read.missing ?? defaults.missing, missings),
    parts: readList(at, 'parts', parts, (part) => checkOneOf(at, 'parts', part, dateParts)),
  };
  return withImpliedType(at, spec, read);
}

/** Options that are for one type only say the type. */
function withImpliedType(at: string, spec: ColumnSpec, given: Partial<FeatureOptions>): ColumnSpec {
  const implied = new Map<string, ColumnType>();
  for (const key of ['encoder', 'categories', 'handleUnknown'] as const)
    if (given[key] !== undefined) implied.set(key, 'categorical');
  if (given.parts !== undefined) implied.set('parts', 'date');
  for (const [key, type] of implied)
    if (spec.type !== null && spec.type !== type)
      throw new ArgumentError(`${at}: ${key} is for the type ${type}, it is ${spec.type}`);
  const [type = spec.type] = implied.values();
  if (implied.size > 0 && new Set(implied.values()).size > 1)
    throw new ArgumentError(`${at}: ${[...implied.keys()].join(' and ')} are for different types`);
  if (type === 'categorical' && given.missing === 'mean')
    throw new ArgumentError(`${at}: categories have no mean; missing may be error or indicator`);
  return { ...spec, type };
}

/** @throws ArgumentError for what is no list of names, none twice. */
export function readCategories(at: string, given: unknown): string[] {
  if (!isArray(given) || given.length === 0)
    throw new ArgumentError(`${at}: categories must be a list of names, got ${show(given)}`);
  const names = readList(at, 'categories', given, (each) => {
    const name = toCategory(each);
    if (name === null)
      throw new ArgumentError(`${at}: categories must be texts, numbers or booleans, got ${show(each)}`);
    return name;
  });
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new ArgumentError(`${at}: the category ${show(twice)} is named twice`);
  return names;
}

/** @throws ArgumentError for a column that is there twice: a target among the features would tell the answer. */
export function checkNames(
  caller: string,
  { features, target }: { features: readonly { column: string }[]; target: { column: string } | null },
): void {
  const seen = new Set<string>();
  for (const { column } of features) {
    if (seen.has(column)) throw new ArgumentError(`${caller}: features name the column ${show(column)} twice`);
    seen.add(column);
  }
  if (target !== null && seen.has(target.column))
    throw new ArgumentError(`${caller}: the column ${show(target.column)} is the target and a feature`);
}
