/** The element types of ONNX tensors, and how lanewise takes them. */
import type { DType, HostArray } from '../ops/ops.js';

/** How the elements of a type lie in an ONNX tensor, and what they become. */
export interface ElementFormat {
  readonly name: string;
  /** Bits of an element in `raw_data`. */
  readonly bits: number;
  /** What it is converted to. */
  readonly dtype: DType;
  /** The field with the elements, where they are not in `raw_data`. */
  readonly field: 'floatData' | 'doubleData' | 'int32Data' | 'int64Data' | 'uint64Data';
  /** An element from its bits: a whole number of `bits` bits without a sign, for types of up to 32 bits. */
  readonly decode: (bits: number) => number;
}

const view = new DataView(new ArrayBuffer(4));

const asFloat = (bits: number): number => {
  view.setUint32(0, bits);
  return view.getFloat32(0);
};

/** A whole number of so many bits with a sign. */
const signed =
  (bits: number) =>
  (value: number): number =>
    (value << (32 - bits)) >> (32 - bits);

const unsigned = (value: number): number => value;

interface SmallFloat {
  readonly exponent: number;
  readonly mantissa: number;
  readonly bias: number;
  /** What the largest exponent stands for: infinity and NaN, as in IEEE 754; numbers but for all ones (`fn`); numbers (`none`). */
  readonly special: 'ieee' | 'fn' | 'none';
  /** Whether -0 stands for NaN, the only one there is. */
  readonly unsignedZero?: boolean;
}

/** A float with a sign, an exponent and a mantissa. */
const small =
  ({ exponent, mantissa, bias, special, unsignedZero = false }: SmallFloat) =>
  (bits: number): number => {
    const sign = (bits >> (exponent + mantissa)) & 1 ? -1 : 1;
    const power = (bits >> mantissa) & (2 ** exponent - 1);
    const fraction = bits & (2 ** mantissa - 1);
    if (unsignedZero && sign < 0 && power === 0 && fraction === 0) return Number.NaN;
    const isTop = power === 2 ** exponent - 1;
    if (special === 'ieee' && isTop) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    if (special === 'fn' && isTop && fraction === 2 ** mantissa - 1) return Number.NaN;
    if (power === 0) return sign * fraction * 2 ** (1 - bias - mantissa);
    return sign * (1 + fraction / 2 ** mantissa) * 2 ** (power - bias);
  };

const float = (name: string, bits: number, decode: ElementFormat['decode']): ElementFormat => ({
  name,
  bits,
  dtype: 'float32',
  field: 'int32Data',
  decode,
});

const whole = (name: string, bits: number, decode: ElementFormat['decode']): ElementFormat => ({
  name,
  bits,
  dtype: 'int32',
  field: 'int32Data',
  decode,
});

/** By the codes of TensorProto.DataType. Those of 64 bits are read without `decode`. */
export const elementFormats: ReadonlyMap<number, ElementFormat> = new Map([
  [1, { name: 'FLOAT', bits: 32, dtype: 'float32', field: 'floatData', decode: asFloat }],
  [2, whole('UINT8', 8, unsigned)],
  [3, whole('INT8', 8, signed(8))],
  [4, whole('UINT16', 16, unsigned)],
  [5, whole('INT16', 16, signed(16))],
  [6, whole('INT32', 32, signed(32))],
  [7, { name: 'INT64', bits: 64, dtype: 'int32', field: 'int64Data', decode: unsigned }],
  [9, whole('BOOL', 8, (bits) => (bits === 0 ? 0 : 1))],
  [10, float('FLOAT16', 16, small({ exponent: 5, mantissa: 10, bias: 15, special: 'ieee' }))],
  [11, { name: 'DOUBLE', bits: 64, dtype: 'float64', field: 'doubleData', decode: unsigned }],
  [12, { name: 'UINT32', bits: 32, dtype: 'int32', field: 'uint64Data', decode: unsigned }],
  [13, { name: 'UINT64', bits: 64, dtype: 'int32', field: 'uint64Data', decode: unsigned }],
  [16, float('BFLOAT16', 16, (bits) => asFloat(bits * 2 ** 16))],
  [17, float('FLOAT8E4M3FN', 8, small({ exponent: 4, mantissa: 3, bias: 7, special: 'fn' }))],
  [18, float('FLOAT8E4M3FNUZ', 8, small({ exponent: 4, mantissa: 3, bias: 8, special: 'none', unsignedZero: true }))],
  [19, float('FLOAT8E5M2', 8, small({ exponent: 5, mantissa: 2, bias: 15, special: 'ieee' }))],
  [20, float('FLOAT8E5M2FNUZ', 8, small({ exponent: 5, mantissa: 2, bias: 16, special: 'none', unsignedZero: true }))],
  [21, whole('UINT4', 4, unsigned)],
  [22, whole('INT4', 4, signed(4))],
  [23, float('FLOAT4E2M1', 4, small({ exponent: 2, mantissa: 1, bias: 1, special: 'none' }))],
] satisfies [number, ElementFormat][]);

/** Names of types that hold no numbers that lanewise has. */
const others: Readonly<Record<number, string>> = {
  0: 'UNDEFINED',
  8: 'STRING',
  14: 'COMPLEX64',
  15: 'COMPLEX128',
  24: 'FLOAT8E8M0',
  25: 'UINT2',
  26: 'INT2',
};

export const nameOfType = (code: number): string => elementFormats.get(code)?.name ?? others[code] ?? `number ${code}`;

/** Room for the elements of a dtype. */
export function roomFor(dtype: DType, length: number): HostArray {
  if (dtype === 'float32') return new Float32Array(length);
  return dtype === 'float64' ? new Float64Array(length) : new Int32Array(length);
}
