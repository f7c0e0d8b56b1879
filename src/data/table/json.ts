/** The fitted state of a transformer as JSON, and back with every law checked. */
import { checkOneOf, show } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import { isArray, isPlainObject } from '../../realm.js';
import type { FittedColumn, MissingRule } from './fitted.js';
import { type ColumnType, checkNames, dateParts, encoders, readCategories, types, unknowns } from './options.js';

/** What a fitted transformer knows. */
export interface FittedState {
  readonly features: readonly FittedColumn[];
  readonly target: FittedColumn | null;
  readonly naValues: readonly string[];
}

/** What was learnt of a column; the other fields depend on its type. */
export interface ColumnJSON {
  /** Its name in the table. */
  readonly column: string;
  /** What its cells are. */
  readonly type: ColumnType;
}

/** What `JSON.stringify` makes of a {@link ColumnTransformer}. */
export interface ColumnTransformerJSON {
  /** Names the form. */
  readonly format: 'lanewise.ColumnTransformer';
  /** Changes when the form does. */
  readonly version: 1;
  /** The columns of the model's input, in order. */
  readonly features: readonly ColumnJSON[];
  /** The column that the model tells. */
  readonly target: ColumnJSON | null;
  /** Texts that stand for a missing value. */
  readonly naValues: readonly string[];
}

const format = 'lanewise.ColumnTransformer';

export function stateToJSON({ features, target, naValues }: FittedState): ColumnTransformerJSON {
  return { format, version: 1, features, target, naValues };
}

/** @throws ArgumentError for what {@link stateToJSON} has not made. */
export function stateFromJSON(caller: string, given: unknown): FittedState {
  const json = record(caller, given);
  if (json.format !== format)
    throw new ArgumentError(`${caller}: expected the JSON of a ColumnTransformer, its format is ${show(json.format)}`);
  if (json.version !== 1) throw new ArgumentError(`${caller}: version ${show(json.version)} is not known, only 1 is`);
  const { features, naValues } = json;
  if (!isArray(features) || features.length === 0)
    throw new ArgumentError(`${caller}: features must be a list of columns`);
  const state: FittedState = {
    features: features.map((each, i) => readColumn(`${caller}: features[${i}]`, each)),
    target: json.target === null ? null : readColumn(`${caller}: target`, json.target),
    naValues: texts(`${caller}: naValues`, naValues),
  };
  if (state.target?.type === 'date') throw new ArgumentError(`${caller}: dates cannot be a target`);
  checkNames(caller, state);
  return state;
}

function readColumn(at: string, given: unknown): FittedColumn {
  const json = record(at, given);
  const { column } = json;
  if (typeof column !== 'string') throw new ArgumentError(`${at}: column must be a name, got ${show(column)}`);
  const type = checkOneOf(at, 'type', json.type, types);
  switch (type) {
    case 'numeric':
      return { type, column, ...scaling(at, json), missing: missingRule(at, json.missing) };
    case 'boolean':
      return { type, column, missing: missingRule(at, json.missing) };
    case 'date': {
      const parts = texts(`${at}: parts`, json.parts).map((part) => checkOneOf(at, 'parts', part, dateParts));
      return { type, column, parts, ...scaling(at, json), missing: missingRule(at, json.missing) };
    }
    case 'categorical':
      return {
        type,
        column,
        encoder: checkOneOf(at, 'encoder', json.encoder, encoders),
        categories: readCategories(at, json.categories),
        handleUnknown: checkOneOf(at, 'handleUnknown', json.handleUnknown, unknowns),
        hasMissing: truth(at, 'hasMissing', json.hasMissing),
      };
  }
}

function scaling(at: string, json: Readonly<Record<string, unknown>>): { center: number; scale: number } {
  const center = finite(at, 'center', json.center);
  const scale = finite(at, 'scale', json.scale);
  if (scale <= 0) throw new ArgumentError(`${at}: scale must be positive, got ${scale}`);
  return { center, scale };
}

function missingRule(at: string, given: unknown): MissingRule {
  const json = record(`${at}: missing`, given);
  return {
    fill: json.fill === null ? null : finite(at, 'fill', json.fill),
    indicator: truth(at, 'indicator', json.indicator),
  };
}

function record(at: string, given: unknown): Readonly<Record<string, unknown>> {
  if (isPlainObject(given)) return given;
  throw new ArgumentError(`${at}: expected an object, got ${show(given)}`);
}

function finite(at: string, what: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new ArgumentError(`${at}: ${what} must be a finite number, got ${show(value)}`);
}

function truth(at: string, what: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new ArgumentError(`${at}: ${what} must be a boolean, got ${show(value)}`);
}

function texts(at: string, given: unknown): string[] {
  if (isArray(given) && given.every((each) => typeof each === 'string')) return [...given];
  throw new ArgumentError(`${at} must be a list of texts, got ${show(given)}`);
}
