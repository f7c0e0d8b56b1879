/** What data in memory and steps of several ranks know of each other. */
import type { Program } from '../../compile/program.js';
import type { SubmitOptions } from '../../compile/runs.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { StepKind } from '../tallies.js';
import type { Distribution } from './option.js';

/** Gives the scores and gradients of this rank's parts of a batch. */
export type PartsProgram = Program<Tensor[]>;

/** Finds the batch of a part: among the program's arguments, or by itself. */
export type FindPart = (...inputs: Tensor[]) => unknown;

/** What a step has given: the sums of its scores over all ranks, and what they mean. */
export interface SharedResult {
  readonly kind: StepKind;
  readonly sums: Float64Array;
}

/** Makes a step. `explain` makes the error of a run the caller's. */
export type MakeStep = (submit: SubmitOptions, explain: (error: unknown) => unknown) => Promise<SharedResult>;

/** How ranks make the steps of whole batches. */
export interface Sharing {
  readonly distribution: Distribution;
  /** @param rows of a part. */
  readonly trace: (findParts: readonly FindPart[], rows: number, inputs: readonly Tensor[]) => PartsProgram;
  readonly make: (
    program: PartsProgram,
    inputs: readonly Tensor[],
    submit: SubmitOptions,
    explain: (error: unknown) => unknown,
  ) => Promise<SharedResult>;
}
