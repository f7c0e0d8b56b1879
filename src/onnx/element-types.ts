/** The element types of ONNX tensors, and how lanewise takes them. */
import type { ElementName } from '../files/elements.js';

/** The fields that hold elements, where they are not in `raw_data`. */
export type TypedField = 'floatData' | 'doubleData' | 'int32Data' | 'int64Data' | 'uint64Data';

/** How the elements of a type lie in an ONNX file. */
export interface ElementFormat {
  readonly name: string;
  /** Bits of an element in `raw_data`, where elements of less than a byte are packed. */
  readonly bits: number;
  readonly field: TypedField;
  /** Its name among the types that files of tensors have; else what an element is, from its bits, and what it becomes. */
  readonly as: ElementName | { readonly dtype: 'float32' | 'int32'; readonly decode: (bits: number) => number };
}

interface SmallFloat {
  readonly exponent: number;
  readonly mantissa: number;
  readonly bias: number;
  /** Whether -0 stands for NaN. */
  readonly unsignedZero: boolean;
}

/** A float without infinities: a sign, an exponent and a mantissa. */
const small =
  ({ exponent, mantissa, bias, unsignedZero }: SmallFloat) =>
  (bits: number): number => {
    const sign = (bits >> (exponent + mantissa)) & 1 ? -1 : 1;
    const power = (bits >> mantissa) & (2 ** exponent - 1);
    const fraction = bits & (2 ** mantissa - 1);
    if (unsignedZero && sign < 0 && power === 0 && fraction === 0) return Number.NaN;
    if (power === 0) return sign * fraction * 2 ** (1 - bias - mantissa);
    return sign * (1 + fraction / 2 ** mantissa) * 2 ** (power - bias);
  };

const e4m3fnuz = small({ exponent: 4, mantissa: 3, bias: 8, unsignedZero: true });
const e5m2fnuz = small({ exponent: 5, mantissa: 2, bias: 16, unsignedZero: true });
const e2m1 = small({ exponent: 2, mantissa: 1, bias: 1, unsignedZero: false });

const format = (name: string, bits: number, field: TypedField, as: ElementFormat['as']): ElementFormat => ({
  name,
  bits,
  field,
  as,
});

/** By the codes of TensorProto.DataType. */
export const elementFormats: ReadonlyMap<number, ElementFormat> = new Map([
  [1, format('FLOAT', 32, 'floatData', 'F32')],
  [2, format('UINT8', 8, 'int32Data', 'U8')],
  [3, format('INT8', 8, 'int32Data', 'I8')],
  [4, format('UINT16', 16, 'int32Data', 'U16')],
  [5, format('INT16', 16, 'int32Data', 'I16')],
  [6, format('INT32', 32, 'int32Data', 'I32')],
  [7, format('INT64', 64, 'int64Data', 'I64')],
  [9, format('BOOL', 8, 'int32Data', 'BOOL')],
  [10, format('FLOAT16', 16, 'int32Data', 'F16')],
  [11, format('DOUBLE', 64, 'doubleData', 'F64')],
  [12, format('UINT32', 32, 'uint64Data', 'U32')],
  [13, format('UINT64', 64, 'uint64Data', 'U64')],
  [16, format('BFLOAT16', 16, 'int32Data', 'BF16')],
  [17, format('FLOAT8E4M3FN', 8, 'int32Data', 'F8_E4M3')],
  [18, format('FLOAT8E4M3FNUZ', 8, 'int32Data', { dtype: 'float32', decode: e4m3fnuz })],
  [19, format('FLOAT8E5M2', 8, 'int32Data', 'F8_E5M2')],
  [20, format('FLOAT8E5M2FNUZ', 8, 'int32Data', { dtype: 'float32', decode: e5m2fnuz })],
  [21, format('UINT4', 4, 'int32Data', { dtype: 'int32', decode: (bits) => bits })],
  [22, format('INT4', 4, 'int32Data', { dtype: 'int32', decode: (bits) => (bits << 28) >> 28 })],
  [23, format('FLOAT4E2M1', 4, 'int32Data', { dtype: 'float32', decode: e2m1 })],
]);

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
