/** Sizes that callers give as an array or one by one, as PyTorch takes them: `zeros([2, 3])` and `zeros(2, 3)`. */
import { ArgumentError } from '../errors.js';

/** A shape, or its sizes one by one. */
export type Sizes = [shape: readonly number[]] | number[];

/** A shape or its sizes one by one, and options behind them. */
export type SizesAndOptions<Options> =
  | [shape: readonly number[], options?: Options]
  | number[]
  | [...sizes: number[], options: Options | undefined];

/** The shape, unchecked, that an array or single sizes give. @throws ArgumentError when there is none. @internal */
export function shapeOfSizes(caller: string, args: readonly unknown[]): unknown {
  if (args.length === 0) throw new ArgumentError(`${caller}: expected a shape or sizes, got nothing`);
  return args.length === 1 && typeof args[0] !== 'number' ? args[0] : args;
}

/** The same with options behind; both unchecked. @internal */
export function splitSizes<Options>(
  caller: string,
  args: SizesAndOptions<Options>,
): { shape: readonly number[]; options: Options | undefined } {
  const last = args.at(-1);
  const hasOptions = args.length > 1 && typeof last !== 'number';
  const shape = shapeOfSizes(caller, hasOptions ? args.slice(0, -1) : args);
  // Sizes and options are checked by the caller, who knows which options there are.
  return { shape: shape as readonly number[], options: hasOptions ? (last as Options | undefined) : undefined };
}
