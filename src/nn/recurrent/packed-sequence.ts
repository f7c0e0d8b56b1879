/** Sequences of several lengths, as `torch.nn.utils.rnn` has them. */
import { checkBoolean, checkNumber, checkOptions, checkSize, readList, show } from '../../check.js';
import { ArgumentError, ShapeError } from '../../errors.js';
import { indexSelect } from '../../functional/index-select.js';
import { cat, transpose } from '../../functional/strided.js';
import { isArray } from '../../realm.js';
import { full, zeros } from '../../tensor/creation.js';
import { tensor } from '../../tensor/from-values.js';
import { formatShape } from '../../tensor/shape.js';
import { Tensor } from '../../tensor/tensor.js';

/**
 * Rows of several lengths without padding: of each step the rows that are still there, the longest first. Recurrent layers take one and give one.
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.PackedSequence.html | torch.nn.utils.rnn.PackedSequence}; made by
 * {@link packPaddedSequence} and {@link packSequence}.
 */
export class PackedSequence {
  /** The rows of all steps, one step behind the other: [Σ lengths, features...]. */
  readonly data: Tensor;
  /** int32 [steps]: how many rows each step has. */
  readonly batchSizes: Tensor;
  /** int32 [rows]: the row that stands at each place of the order by length, or null when rows came in that order. */
  readonly sortedIndices: Tensor | null;
  /** int32 [rows]: back to the order in which rows came, or null. */
  readonly unsortedIndices: Tensor | null;
  /** Lengths in the order of {@link sortedIndices}. @internal */
  readonly '~lengths': readonly number[];
  /** The numbers of {@link sortedIndices}: a tensor cannot be read while a function is traced. @internal */
  readonly '~order': readonly number[] | null;

  /** @internal */
  constructor(data: Tensor, lengths: readonly number[], order: readonly number[] | null) {
    this.data = data;
    this['~lengths'] = lengths;
    this['~order'] = order;
    this.batchSizes = tensor(batchSizesOf(lengths), { dtype: 'int32' });
    this.sortedIndices = order === null ? null : tensor(order, { dtype: 'int32' });
    this.unsortedIndices = order === null ? null : tensor(inverse(order), { dtype: 'int32' });
  }

  /** The same places with other data. @internal */
  '~with'(data: Tensor): PackedSequence {
    return new PackedSequence(data, this['~lengths'], this['~order']);
  }
}

const batchSizesOf = (lengths: readonly number[]): number[] =>
  Array.from({ length: lengths[0] ?? 0 }, (_, t) => lengths.filter((length) => length > t).length);

function inverse(order: readonly number[]): number[] {
  const places = new Array<number>(order.length);
  for (const [place, row] of order.entries()) places[row] = place;
  return places;
}

/** Options of {@link packPaddedSequence}. */
export interface PackOptions {
  /** Whether the input is [rows, steps, ...]. Default false: [steps, rows, ...]. */
  batchFirst?: boolean;
  /** Whether rows must come in falling order of their lengths. Default true. */
  enforceSorted?: boolean;
}

/**
 * Packs padded rows. Gradients go back to the places that are not padding.
 * As `torch.nn.utils.rnn.pack_padded_sequence`.
 * @param input [steps, rows, features...], or [rows, steps, features...].
 * @param lengths of each row, from 1 to steps: numbers or an int32 tensor.
 * @throws ArgumentError for lengths that do not fit, or are not sorted where they must be.
 */
export function packPaddedSequence(
  input: Tensor,
  lengths: readonly number[] | Tensor,
  options?: PackOptions,
): PackedSequence {
  const caller = 'packPaddedSequence';
  if (!(input instanceof Tensor)) throw new ArgumentError(`${caller}: expected a Tensor, got ${show(input)}`);
  const { batchFirst = false, enforceSorted = true } = checkOptions(caller, options, ['batchFirst', 'enforceSorted']);
  checkBoolean(caller, 'batchFirst', batchFirst);
  checkBoolean(caller, 'enforceSorted', enforceSorted);
  if (input.ndim < 2)
    throw new ShapeError(`${caller}: expected at least 2 dimensions, got ${formatShape(input.shape)}`);
  const [steps, rows] = (batchFirst ? [input.shape[1], input.shape[0]] : input.shape) as [number, number];
  const given = readLengths(caller, lengths, rows, steps);
  const isSorted = given.every((length, i) => i === 0 || length <= given[i - 1]!);
  if (enforceSorted && !isSorted)
    throw new ArgumentError(
      `${caller}: \`lengths\` array must be sorted in decreasing order when \`enforceSorted\` is true. You can pass ` +
        '`enforceSorted: false` to packPaddedSequence or packSequence to sidestep this requirement.',
    );
  // Stable, as PyTorch's sort is here.
  const order = enforceSorted ? null : given.map((_, row) => row).sort((a, b) => given[b]! - given[a]!);
  const sorted = order === null ? given : order.map((row) => given[row]!);
  const places = batchSizesOf(sorted).flatMap((count, t) =>
    Array.from({ length: count }, (_, place) => {
      const row = order?.[place] ?? place;
      return batchFirst ? row * steps + t : t * rows + row;
    }),
  );
  const flat = input.reshape([steps * rows, ...input.shape.slice(2)]);
  return new PackedSequence(indexSelect(flat, 0, tensor(places, { dtype: 'int32' })), sorted, order);
}

function readLengths(caller: string, given: readonly number[] | Tensor, rows: number, steps: number): number[] {
  const list = given instanceof Tensor ? (given.toArray() as unknown) : given;
  const lengths = readList(caller, 'lengths', list as readonly unknown[], (each) => {
    if (typeof each === 'number' && each <= 0)
      throw new ArgumentError(
        `${caller}: Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0`,
      );
    return checkSize(caller, 'a length', each);
  });
  if (lengths.length !== rows)
    throw new ArgumentError(
      `${caller}: Expected \`len(lengths)\` to be equal to batch_size, but got ${lengths.length} (batch_size=${rows})`,
    );
  const longest = Math.max(...lengths, 0);
  if (longest > steps) throw new ArgumentError(`${caller}: a length is ${longest}, but the input has ${steps} steps`);
  return lengths;
}

/** Options of {@link padPackedSequence}. */
export interface PadPackedOptions {
  /** Whether the result is [rows, steps, ...]. Default false. */
  batchFirst?: boolean;
  /** What stands behind the end of a row. Default 0. */
  paddingValue?: number;
  /** Steps of the result, at least the longest row's. Default: those of the longest row. */
  totalLength?: number | null;
}

/**
 * The rows of a packed sequence with padding, in the order in which they were packed, and their lengths (int32).
 * As `torch.nn.utils.rnn.pad_packed_sequence`.
 */
export function padPackedSequence(sequence: PackedSequence, options?: PadPackedOptions): [Tensor, Tensor] {
  const caller = 'padPackedSequence';
  if (!(sequence instanceof PackedSequence))
    throw new ArgumentError(`${caller}: expected a PackedSequence, got ${show(sequence)}`);
  const given = checkOptions(caller, options, ['batchFirst', 'paddingValue', 'totalLength']);
  const { batchFirst = false, paddingValue = 0, totalLength = null } = given;
  checkBoolean(caller, 'batchFirst', batchFirst);
  checkNumber(caller, 'paddingValue', paddingValue);
  const longest = sequence['~lengths'][0] ?? 0;
  const steps = totalLength === null ? longest : checkSize(caller, 'totalLength', totalLength);
  if (steps < longest)
    throw new ArgumentError(
      `${caller}: Expected total_length to be at least the length of the longest sequence in input, but got ` +
        `total_length=${steps} and max sequence length being ${longest}`,
    );
  const padded = unpack(sequence, steps, paddingValue);
  const unsorted = sequence.unsortedIndices;
  const lengths = tensor(sequence['~lengths'] as number[], { dtype: 'int32' });
  const rows = unsorted === null ? padded : indexSelect(padded, 1, unsorted);
  return [batchFirst ? transpose(rows, 0, 1) : rows, unsorted === null ? lengths : indexSelect(lengths, 0, unsorted)];
}

/** [steps, rows, ...], rows in the order of their lengths. @internal */
export function unpack(sequence: PackedSequence, steps: number, paddingValue = 0): Tensor {
  const { data } = sequence;
  const lengths = sequence['~lengths'];
  const counts = batchSizesOf(lengths);
  const rows = lengths.length;
  const total = data.shape[0]!;
  const places: number[] = [];
  let before = 0;
  for (let t = 0; t < steps; t++) {
    const count = counts[t] ?? 0;
    // What is padding comes from a line behind the data.
    for (let row = 0; row < rows; row++) places.push(row < count ? before + row : total);
    before += count;
  }
  const line = [1, ...data.shape.slice(1)];
  const padding =
    paddingValue === 0 ? zeros(line, { dtype: data.dtype }) : full(line, paddingValue, { dtype: data.dtype });
  const flat = indexSelect(cat([data, padding]), 0, tensor(places, { dtype: 'int32' }));
  return flat.reshape([steps, rows, ...data.shape.slice(1)]);
}

/** [steps, rows, ...] of rows in the order of their lengths, packed as `sequence` is. @internal */
export function repack(output: Tensor, sequence: PackedSequence): PackedSequence {
  const rows = sequence['~lengths'].length;
  const places = batchSizesOf(sequence['~lengths']).flatMap((count, t) =>
    Array.from({ length: count }, (_, row) => t * rows + row),
  );
  const flat = output.reshape([-1, ...output.shape.slice(2)]);
  return sequence['~with'](indexSelect(flat, 0, tensor(places, { dtype: 'int32' })));
}

/** Options of {@link padSequence}. */
export interface PadSequenceOptions {
  /** Whether tensors are [batch, steps, features]. */
  batchFirst?: boolean;
  /** Default 0. */
  paddingValue?: number;
}

/**
 * Sequences [length, features...] of several lengths as one tensor, padded to the longest: [steps, rows, features...]. As
 * `torch.nn.utils.rnn.pad_sequence`.
 */
export function padSequence(sequences: readonly Tensor[], options?: PadSequenceOptions): Tensor {
  const caller = 'padSequence';
  const { batchFirst = false, paddingValue = 0 } = checkOptions(caller, options, ['batchFirst', 'paddingValue']);
  checkBoolean(caller, 'batchFirst', batchFirst);
  checkNumber(caller, 'paddingValue', paddingValue);
  const list = readSequences(caller, sequences);
  const steps = Math.max(...list.map((each) => each.shape[0]!));
  const rest = list[0]!.shape.slice(1);
  const rows = list.map((each) => {
    const missing = steps - each.shape[0]!;
    const parts = missing === 0 ? [each] : [each, full([missing, ...rest], paddingValue, { dtype: each.dtype })];
    return cat(parts).unsqueeze(batchFirst ? 0 : 1);
  });
  return cat(rows, batchFirst ? 0 : 1);
}

/**
 * Packs sequences [length, features...] of several lengths. As `torch.nn.utils.rnn.pack_sequence`.
 * @param options `enforceSorted`: whether they must come in falling order of their lengths. Default true.
 */
export function packSequence(
  sequences: readonly Tensor[],
  options?: Pick<PackOptions, 'enforceSorted'>,
): PackedSequence {
  const list = readSequences('packSequence', sequences);
  const lengths = list.map((each) => each.shape[0]!);
  return packPaddedSequence(padSequence(list), lengths, options);
}

function readSequences(caller: string, sequences: readonly Tensor[]): Tensor[] {
  if (!isArray(sequences)) throw new ArgumentError(`${caller}: expected a list of Tensors, got ${show(sequences)}`);
  const list = readList(caller, 'sequences', sequences, (each) => {
    if (!(each instanceof Tensor)) throw new ArgumentError(`${caller}: expected Tensors, got ${show(each)}`);
    if (each.ndim === 0) throw new ShapeError(`${caller}: a sequence has at least 1 dimension`);
    return each;
  });
  if (list.length === 0) throw new ArgumentError(`${caller}: received an empty list of sequences`);
  const rest = formatShape(list[0]!.shape.slice(1));
  for (const each of list)
    if (formatShape(each.shape.slice(1)) !== rest)
      throw new ShapeError(`${caller}: sequences must agree in all dimensions but the first`);
  return list;
}
