/** What data in memory and steps of several ranks know of each other. */
import type { Program } from '../../compile/program.js';
import type { SubmitOptions } from '../../compile/runs.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { StepKind } from '../tallies.js';
import type { Distribution } from './option.js';

/** Gives the scores and gradients of this rank's parts of a batch. */
export type PartsProgram = Program<Tensor[]>;

/** Finds the batch of a part. */
export type FindPart = () => unknown;

/** What a step has given: the sums of its scores over all ranks, and what they mean. */
export interface SharedResult {
  readonly kind: StepKind;
  readonly sums: Float64Array;
}

/** Makes step number `step`. `explain` makes the error of a run the caller's. */
export type MakeStep = (
  step: number,
  submit: SubmitOptions,
  explain: (error: unknown) => unknown,
) => Promise<SharedResult>;

/** How ranks make the steps of whole batches. */
export interface Sharing {
  readonly distribution: Distribution;
  readonly trace: (findParts: readonly FindPart[], rows: number) => PartsProgram;
  readonly make: (
    program: PartsProgram,
    submit: SubmitOptions,
    explain: (error: unknown) => unknown,
  ) => Promise<SharedResult>;
}
