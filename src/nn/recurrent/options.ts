/** Options of recurrent layers and cells, read and checked with PyTorch's sentences. */
import { checkBoolean, checkOneOf, checkSize, show } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import { defaultGenerator, Generator } from '../../random/generator.js';

/** Options of {@link RNNCell}, {@link GRUCell} and {@link LSTMCell}. */
export interface CellOptions {
  /** Whether both biases are learnt and added. Default true. */
  bias?: boolean;
  /** Of the parameters. Default `'float32'`; `'float64'` is computed by the reference. */
  dtype?: 'float32' | 'float64';
  /** Where the initial weights come from. Default: the generator that `manualSeed` seeds. */
  generator?: Generator;
}

/** Options of {@link GRU} and {@link LSTM}. */
export interface RecurrentOptions extends CellOptions {
  /** Layers, each taking the output of the one before. Default 1. */
  numLayers?: number;
  /** Whether input and output are [batch, steps, features] instead of [steps, batch, features]; states are not. Default false. */
  batchFirst?: boolean;
  /** Probability with which the output of each layer but the last is dropped in training. Default 0. */
  dropout?: number;
  /** Whether each layer goes in both directions; their outputs stand one behind the other in the last dimension. Default false. */
  bidirectional?: boolean;
}

export type Nonlinearity = 'tanh' | 'relu';

/** The settings that layers and cells share. */
export function readCellSettings(caller: string, given: CellOptions) {
  const { bias = true, dtype = 'float32', generator = defaultGenerator } = given;
  checkBoolean(caller, 'bias', bias);
  checkOneOf(caller, 'dtype', dtype, ['float32', 'float64']);
  if (!(generator instanceof Generator))
    throw new ArgumentError(`${caller}: generator must be a Generator, got ${show(generator)}`);
  return { bias, dtype, generator };
}

export type CellSettings = ReturnType<typeof readCellSettings>;

export const cellKeys = ['bias', 'dtype', 'generator'] as const;
export const recurrentKeys = [...cellKeys, 'numLayers', 'batchFirst', 'dropout', 'bidirectional'] as const;

/** The settings of layers. */
export function readRecurrentSettings(caller: string, given: RecurrentOptions) {
  const cell = readCellSettings(caller, given);
  const { numLayers = 1, batchFirst = false, dropout = 0, bidirectional = false } = given;
  checkPositive(caller, 'numLayers', 'num_layers', numLayers);
  checkBoolean(caller, 'batchFirst', batchFirst);
  checkBoolean(caller, 'bidirectional', bidirectional);
  // Negated, so that NaN is refused too.
  if (typeof dropout !== 'number' || !(dropout >= 0 && dropout <= 1))
    throw new ArgumentError(
      `${caller}: dropout should be a number in range [0, 1] representing the probability of an element being zeroed`,
    );
  return { ...cell, numLayers, batchFirst, dropout, bidirectional };
}

export type RecurrentSettings = ReturnType<typeof readRecurrentSettings>;

/** A size of at least 1, with PyTorch's sentence for less. */
export function checkPositive(caller: string, name: string, inPython: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value <= 0)
    throw new ArgumentError(`${caller}: ${inPython} must be greater than zero`);
  return checkSize(caller, name, value);
}

export function checkNonlinearity(caller: string, value: unknown): Nonlinearity {
  if (value !== 'tanh' && value !== 'relu')
    throw new ArgumentError(`${caller}: Unknown nonlinearity '${String(value)}'. Select from 'tanh' or 'relu'.`);
  return value;
}

let warned = false;

/** PyTorch's warning, once a process. */
export function warnOfDropout(dropout: number, numLayers: number): void {
  if (warned || dropout === 0 || numLayers > 1) return;
  warned = true;
  process.emitWarning(
    'dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects num_layers greater ' +
      `than 1, but got dropout=${dropout} and num_layers=${numLayers}`,
    { code: 'LANEWISE_RECURRENT_DROPOUT' },
  );
}
