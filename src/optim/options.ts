/** Checks of what optimizers are given, with PyTorch's sentences. NaN and infinity are refused everywhere. */
import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import { isArray } from '../realm.js';

/** A finite number of at least 0; `what` as PyTorch's sentence has it: `learning rate`, `momentum value`. */
export function checkAtLeastZero(caller: string, what: string, value: unknown): void {
  if (!(isFiniteNumber(value) && value >= 0)) throw new ArgumentError(`${caller}: Invalid ${what}: ${show(value)}`);
}

/** A number in [0, 1]. */
export function checkShare(caller: string, what: string, value: unknown): void {
  if (!(isFiniteNumber(value) && value >= 0 && value <= 1))
    throw new ArgumentError(`${caller}: Invalid ${what}: ${show(value)}`);
}

/** A whole number of at least 0. */
export function checkCount(caller: string, what: string, value: unknown): void {
  if (!(Number.isSafeInteger(value) && (value as number) >= 0))
    throw new ArgumentError(`${caller}: Invalid ${what}: ${show(value)}`);
}

export function checkFinite(caller: string, what: string, value: unknown): void {
  if (!isFiniteNumber(value)) throw new ArgumentError(`${caller}: Invalid ${what}: ${show(value)}`);
}

/** 0 for a rate below zero by rounding only, with which PyTorch's schedules end and its states are saved; any other as it is. */
export function zeroIfRounding(lr: number): number {
  return lr < 0 && lr > -1e-12 ? 0 : lr;
}

/** Two numbers in [0, 1). */
export function checkBetas(caller: string, betas: unknown): void {
  if (!isArray(betas) || betas.length !== 2)
    throw new ArgumentError(`${caller}: betas must be two numbers, got ${show(betas)}`);
  // Not forEach, which would leave the holes of a sparse array unchecked.
  for (const [index, beta] of betas.entries())
    if (!(isFiniteNumber(beta) && beta >= 0 && beta < 1))
      throw new ArgumentError(`${caller}: Invalid beta parameter at index ${index}: ${show(beta)}`);
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
