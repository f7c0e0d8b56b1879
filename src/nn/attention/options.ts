/** Options of attention and of the layers of transformers. */
import { checkBoolean, checkOneOf, show } from '../../check.js';
import { ArgumentError } from '../../errors.js';
import { checkProbability } from '../../functional/dropout-noise.js';
import { defaultGenerator, Generator } from '../../random/generator.js';

/** What {@link MultiheadAttention} and {@link TransformerEncoderLayer} both take. */
export interface AttentionLayerOptions {
  /** Probability with which elements are dropped in training. */
  dropout?: number;
  /** Whether biases are learnt and added. Default true. */
  bias?: boolean;
  /** Whether inputs and outputs are [batch, steps, features] instead of [steps, batch, features]. Default false. */
  batchFirst?: boolean;
  /** Of the parameters. Default `'float32'`. */
  dtype?: 'float32' | 'float64';
  /** Where initial weights and masks of dropout come from. Default: the generator that `manualSeed` seeds. */
  generator?: Generator;
}

export const sharedKeys = ['dropout', 'bias', 'batchFirst', 'dtype', 'generator'] as const;

export function readSharedSettings(caller: string, given: AttentionLayerOptions, usualDropout: number) {
  const { dropout = usualDropout, bias = true, batchFirst = false } = given;
  const { dtype = 'float32', generator = defaultGenerator } = given;
  checkProbability(caller, dropout);
  checkBoolean(caller, 'bias', bias);
  checkBoolean(caller, 'batchFirst', batchFirst);
  checkOneOf(caller, 'dtype', dtype, ['float32', 'float64']);
  if (!(generator instanceof Generator))
    throw new ArgumentError(`${caller}: generator must be a Generator, got ${show(generator)}`);
  return { dropout, bias, batchFirst, dtype, generator };
}
