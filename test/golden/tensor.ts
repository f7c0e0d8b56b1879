/** A tensor as generate.py writes it. */
export interface GoldenTensor {
  readonly dtype: 'float32' | 'float64' | 'int32';
  readonly shape: readonly number[];
  readonly base64: string;
}
