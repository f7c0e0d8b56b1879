/** Tables of vectors that are learnt. */
import { checkBoolean, checkOneOf, checkOptions, checkSize, show } from '../check.js';
import { ArgumentError, ShapeError } from '../errors.js';
import {
  type EmbeddingOptions,
  embedding,
  embeddingOptionNames,
  readEmbeddingOptions,
} from '../functional/embedding.js';
import { type BagMode, checkBagMode, type EmbeddingBagOptions, embeddingBag } from '../functional/embedding-bag.js';
import { checkFloat } from '../functional/support.js';
import type { FloatArray } from '../ops/ops.js';
import { defaultGenerator, Generator } from '../random/generator.js';
import { allocate } from '../tensor/creation.js';
import { pythonRepr } from '../tensor/python-repr.js';
import { checkShape, formatShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';
import { Parameter } from './parameter.js';
import { className } from './repr.js';

/** Options of {@link Embedding}. */
export interface EmbeddingLayerOptions extends EmbeddingOptions {
  /** Of the table: `'float32'` (the default), or `'float64'`. */
  dtype?: 'float32' | 'float64';
  /** Where the initial table comes from. Default: the generator that `manualSeed` seeds. */
  generator?: Generator;
}

/** Options of {@link EmbeddingBag}. */
export interface EmbeddingBagLayerOptions
  extends EmbeddingLayerOptions,
    Pick<EmbeddingBagOptions, 'mode' | 'includeLastOffset'> {}

/** Options of `fromPretrained`. */
type PretrainedOptions<O> = Omit<O, 'dtype' | 'generator'> & {
  /** Whether the table is not learnt. Default true. */
  freeze?: boolean;
};

abstract class Table<In extends readonly unknown[]> extends Module<In> {
  /** How many rows the table has. */
  readonly numEmbeddings: number;
  /** How long they are. */
  readonly embeddingDim: number;
  /** The row that gets no gradient, or null. */
  readonly paddingIdx: number | null;
  /** What norms of rows that are used may be at most, or null. */
  readonly maxNorm: number | null;
  /** The exponent of that norm. */
  readonly normType: number;
  /** Whether gradients are divided by how often their row stands in the batch. */
  readonly scaleGradByFreq: boolean;
  /** Whether optimizers change only the rows that are looked up. */
  readonly sparse: boolean;
  /** [numEmbeddings, embeddingDim]. */
  declare weight: Parameter;

  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingLayerOptions, given: Tensor | null) {
    super();
    const caller = className(this);
    this.numEmbeddings = checkSize(caller, 'numEmbeddings', numEmbeddings);
    this.embeddingDim = checkSize(caller, 'embeddingDim', embeddingDim);
    const { dtype = 'float32', generator = defaultGenerator, ...rest } = options;
    checkOneOf(caller, 'dtype', dtype, ['float32', 'float64']);
    if (!(generator instanceof Generator))
      throw new ArgumentError(`${caller}: generator must be a Generator, got ${show(generator)}`);
    const settings = readEmbeddingOptions(caller, rest, numEmbeddings);
    this.paddingIdx = settings.paddingIdx;
    this.maxNorm = settings.maxNorm;
    this.normType = settings.normType;
    this.scaleGradByFreq = settings.scaleGradByFreq;
    this.sparse = settings.sparse;
    const table = given ?? allocate(checkShape(caller, [numEmbeddings, embeddingDim]), dtype);
    this.registerParameter('weight', new Parameter(table));
    if (given !== null) return;
    const values = this.weight.storage.write() as FloatArray;
    generator.normalFill(values, 0, 1);
    const { paddingIdx } = this;
    if (paddingIdx !== null) values.fill(0, paddingIdx * embeddingDim, (paddingIdx + 1) * embeddingDim);
  }

  /** What the function takes. */
  protected get settings(): Required<EmbeddingOptions> {
    const { paddingIdx, maxNorm, normType, scaleGradByFreq, sparse } = this;
    return { paddingIdx, maxNorm, normType, scaleGradByFreq, sparse };
  }

  /** What is printed between the brackets. */
  protected printed(...more: string[]): string {
    const { numEmbeddings, embeddingDim, paddingIdx, maxNorm, normType, scaleGradByFreq, sparse } = this;
    return [
      numEmbeddings,
      embeddingDim,
      ...(paddingIdx === null || more.length > 0 ? [] : [`padding_idx=${paddingIdx}`]),
      ...(maxNorm === null ? [] : [`max_norm=${pythonRepr(maxNorm)}`]),
      ...(normType === 2 ? [] : [`norm_type=${pythonRepr(normType)}`]),
      ...(scaleGradByFreq ? ['scale_grad_by_freq=True'] : []),
      ...(sparse && more.length === 0 ? ['sparse=True'] : []),
      ...more,
    ].join(', ');
  }
}

/** A table given, and its sizes. */
function readTable(caller: string, weight: Tensor): { rows: number; width: number } {
  const { shape, ndim } = checkFloat(caller, weight);
  if (ndim !== 2)
    throw new ShapeError(`${caller}: Embeddings parameter is expected to be 2-dimensional, got ${formatShape(shape)}`);
  return { rows: shape[0]!, width: shape[1]! };
}

const tableOptions = [...embeddingOptionNames, 'dtype', 'generator'] as const;

/**
 * A table of numEmbeddings vectors, looked up by index: see {@link embedding}. It is drawn from N(0, 1), to the bit as in PyTorch; the row `paddingIdx` is 0 then.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html | torch.nn.Embedding}.
 */
export class Embedding extends Table<readonly [input: Tensor]> {
  /** @throws ArgumentError for a paddingIdx that is no row. */
  constructor(numEmbeddings: number, embeddingDim: number, options?: EmbeddingLayerOptions);
  /** With a table that is there. @internal */
  constructor(numEmbeddings: number, embeddingDim: number, options?: EmbeddingLayerOptions, weight?: Tensor);
  constructor(numEmbeddings: number, embeddingDim: number, options?: EmbeddingLayerOptions, weight?: Tensor) {
    super(numEmbeddings, embeddingDim, checkOptions('Embedding', options, tableOptions), weight ?? null);
  }

  /** An Embedding of a table [rows, width]; it shares its memory. Nothing is drawn. */
  static fromPretrained(weight: Tensor, options?: PretrainedOptions<EmbeddingLayerOptions>): Embedding {
    const caller = 'Embedding.fromPretrained';
    const { rows, width } = readTable(caller, weight);
    const { freeze = true, ...rest } = checkOptions(caller, options, [...embeddingOptionNames, 'freeze']);
    checkBoolean(caller, 'freeze', freeze);
    const made = new Embedding(rows, width, rest, weight);
    made.weight.requiresGrad_(!freeze);
    return made;
  }

  /** @param input int32 of any shape. @returns [...input.shape, embeddingDim]. */
  override forward(input: Tensor): Tensor {
    return embedding(input, this.weight, this.settings);
  }

  override extraRepr(): string {
    return this.printed();
  }
}

/**
 * Sums, means or maxima of bags of rows of a table: see {@link embeddingBag}.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.EmbeddingBag.html | torch.nn.EmbeddingBag}.
 */
export class EmbeddingBag extends Table<
  readonly [input: Tensor, offsets?: Tensor | null, perSampleWeights?: Tensor | null]
> {
  /** What becomes of the rows of a bag. */
  readonly mode: BagMode;
  /** Whether the last offset is the length of input. */
  readonly includeLastOffset: boolean;

  constructor(numEmbeddings: number, embeddingDim: number, options?: EmbeddingBagLayerOptions);
  /** With a table that is there. @internal */
  constructor(numEmbeddings: number, embeddingDim: number, options?: EmbeddingBagLayerOptions, weight?: Tensor);
  constructor(numEmbeddings: number, embeddingDim: number, options?: EmbeddingBagLayerOptions, weight?: Tensor) {
    const caller = 'EmbeddingBag';
    const given = checkOptions(caller, options, [...tableOptions, 'mode', 'includeLastOffset']);
    const { mode = 'mean', includeLastOffset = false, ...rest } = given;
    checkBagMode(caller, mode);
    checkBoolean(caller, 'includeLastOffset', includeLastOffset);
    super(numEmbeddings, embeddingDim, rest, weight ?? null);
    this.mode = mode;
    this.includeLastOffset = includeLastOffset;
  }

  /** An EmbeddingBag of a table [rows, width]; it shares its memory. Nothing is drawn. */
  static fromPretrained(weight: Tensor, options?: PretrainedOptions<EmbeddingBagLayerOptions>): EmbeddingBag {
    const caller = 'EmbeddingBag.fromPretrained';
    const { rows, width } = readTable(caller, weight);
    const names = [...embeddingOptionNames, 'mode', 'includeLastOffset', 'freeze'] as const;
    const { freeze = true, ...rest } = checkOptions(caller, options, names);
    checkBoolean(caller, 'freeze', freeze);
    const made = new EmbeddingBag(rows, width, rest, weight);
    made.weight.requiresGrad_(!freeze);
    return made;
  }

  /** @param input int32 [bags, length], or a vector with offsets. @returns [bags, embeddingDim]. */
  override forward(input: Tensor, offsets?: Tensor | null, perSampleWeights?: Tensor | null): Tensor {
    const { mode, includeLastOffset } = this;
    const more = perSampleWeights === undefined ? {} : { perSampleWeights };
    return embeddingBag(input, this.weight, offsets, { ...this.settings, mode, includeLastOffset, ...more });
  }

  override extraRepr(): string {
    const { mode, paddingIdx } = this;
    return this.printed(`mode='${mode}'`, ...(paddingIdx === null ? [] : [`padding_idx=${paddingIdx}`]));
  }
}
