/** A function of tensors that can be exported. */
import type { DType, Tensor } from '../../src/index.js';

/** An input: its sizes without the batch, and what its numbers are. */
export interface CaseInput {
  readonly sizes: readonly number[];
  readonly dtype?: DType;
  /** The range of the numbers. Default [-2, 2). */
  readonly low?: number;
  readonly high?: number;
}

export interface Case {
  readonly name: string;
  readonly inputs: readonly CaseInput[];
  readonly run: (...inputs: Tensor[]) => Tensor | Tensor[] | Record<string, Tensor>;
  /** Default: any batch. */
  readonly dynamicBatch?: boolean;
}

export const x = (...sizes: number[]): CaseInput => ({ sizes });

/** A function of one input. */
export const one = (name: string, run: Case['run'], input: CaseInput = x(4)): Case => ({ name, inputs: [input], run });
