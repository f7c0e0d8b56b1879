/**
 * Reads NumPy's arrays (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html): a magic number, a version, a header
 * written as a dict of Python, the elements.
 */
import { checkNumber, checkOptions, maxElements, show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { type ElementName, elementBytes, readElements } from '../files/elements.js';
import { type FileFacts, type FileSource, type Reading, readBytes, readFileNow, take } from '../files/source.js';
import { gatherRows } from '../files/strided.js';
import { isZip, readDirectory, readEntry } from '../files/zip.js';
import { maxRank, numelOf, type Shape } from '../tensor/shape.js';
import { Storage } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';

/** Options of {@link readNpy} and {@link readNpz}. */
export interface ReadNpyOptions {
  /** The most bytes that the elements may take, of all arrays together: a compressed file may hold a thousand times its size. Default: what memory there is. */
  maxBytes?: number;
}

/** By kind and size: what NumPy calls `b1`, `f4`. */
const elementNames: ReadonlyMap<string, ElementName> = new Map<string, ElementName>([
  ['b1', 'BOOL'],
  ['i1', 'I8'],
  ['i2', 'I16'],
  ['i4', 'I32'],
  ['i8', 'I64'],
  ['u1', 'U8'],
  ['u2', 'U16'],
  ['u4', 'U32'],
  ['u8', 'U64'],
  ['f2', 'F16'],
  ['f4', 'F32'],
  ['f8', 'F64'],
]);

/** More than the header of any array of numbers takes. */
const mostHeaderBytes = 1 << 16;

/**
 * The tensor in a file of `numpy.save` (`.npy`). float32 and float64 keep every bit, float16 becomes float32; booleans and integers of up to 16 bits
 * become int32, longer ones too when every number fits, else float64. Both byte orders and both orders of elements (C and Fortran).
 * @param source path or file: URL, or the bytes of a file.
 * @throws ArgumentError that names the file and what is wrong with it: elements that are no real numbers, a header that is none, a file that is cut off or
 * too long. Sizes are checked before memory is taken.
 */
export function readNpy(source: FileSource, options?: ReadNpyOptions): Tensor {
  const place = 'readNpy';
  const budget = budgetOf(place, options);
  return readFileNow(place, source, (file) => readArray(file, budget));
}

/**
 * The tensors in a file of `numpy.savez` or `numpy.savez_compressed` (`.npz`) by name, each as {@link readNpy} reads it.
 * @returns an object without a prototype, in the order of the file.
 * @throws ArgumentError as {@link readNpy}, with the name of the array, and for broken zip files.
 */
export function readNpz(source: FileSource, options?: ReadNpyOptions): Record<string, Tensor> {
  const place = 'readNpz';
  const budget = budgetOf(place, options);
  return readFileNow(place, source, function* (file): Reading<Record<string, Tensor>> {
    const start = yield* take(0, Math.min(file.size, 4));
    if (!isZip(start)) file.fail(isNpy(start) ? 'is a single array: read it with readNpy' : 'not a zip file');
    const arrays: Record<string, Tensor> = Object.create(null);
    for (const [name, entry] of yield* readDirectory(file)) {
      if (!name.endsWith('.npy')) file.fail(`${show(name)} in it is not an array`);
      if (entry.size > budget.left + mostHeaderBytes)
        file.fail(
          `too large: ${show(name)} takes ${entry.size} bytes, of maxBytes ${Math.max(0, budget.left)} are left`,
        );
      const content = yield* readEntry(file, entry);
      arrays[name.slice(0, -'.npy'.length)] = readBytes(place, `${file.name}: ${show(name)}`, content, (inner) =>
        readArray(inner, budget),
      );
    }
    return arrays;
  });
}

/** What the elements may still take. */
interface Budget {
  left: number;
}

function budgetOf(place: string, options: ReadNpyOptions | undefined): Budget {
  const { maxBytes = Number.POSITIVE_INFINITY } = checkOptions(place, options, ['maxBytes']);
  if (checkNumber(place, 'maxBytes', maxBytes) < 0)
    throw new ArgumentError(`${place}: maxBytes must not be negative, got ${maxBytes}`);
  return { left: maxBytes };
}

const isNpy = (start: Uint8Array): boolean => Buffer.from(start.subarray(0, 4)).toString('latin1') === '\x93NUM';

function* readArray(file: FileFacts, budget: Budget): Reading<Tensor> {
  const { text, dataStart } = yield* readHeader(file);
  const { type, bigEndian, fortran, shape } = parseHeader(text, file);
  const numel = shape.includes(0) ? 0 : numelOf(shape);
  if (numel > maxElements) file.fail(`too large: shape (${shape.join(', ')})`);
  const end = dataStart + numel * elementBytes(type);
  const said = `its header says (${shape.join(', ')}) ${type}, ${end} bytes in all`;
  if (end > file.size) file.fail(`truncated: ${said}, it ends after ${file.size}`);
  if (end < file.size) file.fail(`too long: ${said}, it has ${file.size}`);
  const needed = numel * Math.max(4, elementBytes(type));
  if (needed > budget.left)
    file.fail(`too large: ${said}; its elements take ${needed} bytes, of maxBytes ${budget.left} are left`);
  budget.left -= needed;
  const { dtype, array } = yield* readElements(type, numel, dataStart, { bigEndian });
  // In Fortran's order the first index runs fastest.
  const columns = shape.map((_, dim) => numelOf(shape.slice(0, dim)));
  return new Tensor(new Storage(dtype, fortran ? gatherRows(array, dtype, shape, columns) : array), shape);
}

function* readHeader(file: FileFacts): Reading<{ text: string; dataStart: number }> {
  const start = yield* take(0, Math.min(file.size, 12));
  if (file.size === 0) file.fail('is empty');
  if (Buffer.from(start.subarray(0, 6)).toString('latin1') !== '\x93NUMPY')
    file.fail("not an array of NumPy: it does not begin with '\\x93NUMPY'");
  const version = start[6] ?? 0;
  if (version < 1 || version > 3 || start[7] !== 0)
    file.fail(`version ${version}.${start[7] ?? 0} of the format; 1.0, 2.0 and 3.0 can be read`);
  const dataAt = version === 1 ? 10 : 12;
  if (file.size < dataAt) file.fail(`truncated: it ends after ${file.size} bytes, within the header`);
  const view = new DataView(start.buffer);
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > mostHeaderBytes) file.fail(`its header of ${length} bytes is longer than that of any array of numbers`);
  if (dataAt + length > file.size)
    file.fail(`truncated: its header ends at byte ${dataAt + length}, it ends after ${file.size}`);
  return { text: Buffer.from(yield* take(dataAt, length)).toString('latin1'), dataStart: dataAt + length };
}

interface Header {
  readonly type: ElementName;
  readonly bigEndian: boolean;
  readonly fortran: boolean;
  readonly shape: Shape;
}

const item = String.raw`'(\w+)'\s*:\s*('[^'\\]*'|True|False|\([\d\s,L]*\))`;
const dict = new RegExp(String.raw`^\{\s*${item}\s*,\s*${item}\s*,\s*${item}(?:\s*,)?\s*\}\s*$`);

/** `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`, in any order. */
function parseHeader(text: string, file: FileFacts): Header {
  const refuse = (): never => file.fail(`its header is not that of an array of numbers: ${show(text.trim())}`);
  const parts = dict.exec(text) ?? refuse();
  const values = new Map([1, 3, 5].map((i) => [parts[i], parts[i + 1]!]));
  const descr = values.get('descr') ?? refuse();
  const fortran = values.get('fortran_order') ?? refuse();
  const shapeText = values.get('shape') ?? refuse();
  const [, order = '', code = ''] = /^'([<>|=])(\w+)'$/.exec(descr) ?? refuse();
  const type =
    elementNames.get(code) ??
    file.fail(`holds elements of type ${show(descr.slice(1, -1))}, which are no real numbers of 8 to 64 bits`);
  const sizes = /^\(\s*((?:\d+L?\s*,\s*)*(?:\d+L?\s*)?)\)$/.exec(shapeText)?.[1] ?? refuse();
  const shape = [...sizes.matchAll(/\d+/g)].map(([digits]) => Number(digits));
  if (fortran !== 'True' && fortran !== 'False') refuse();
  if (shape.length > maxRank) file.fail(`has ${shape.length} dimensions, at most ${maxRank} are possible`);
  const large = shape.find((size) => size > maxElements);
  if (large !== undefined) file.fail(`too large: a size of ${large}`);
  return { type, bigEndian: order === '>', fortran: fortran === 'True', shape: Object.freeze(shape) };
}
