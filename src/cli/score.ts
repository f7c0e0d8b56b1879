/** How good predictions are, next to what can be said without a model. */

/** Of numbers. */
export interface RegressionScore {
  /** Root of the mean squared error. */
  readonly rmse: number;
  /** Mean absolute error. */
  readonly mae: number;
  /** Share of the variance that is told: 1 is all, 0 as the mean. */
  readonly r2: number;
}

/** Of classes. */
export interface ClassificationScore {
  /** Share of rows whose class is right. */
  readonly accuracy: number;
  /** Mean cross-entropy in nats. */
  readonly logLoss: number;
}

export function scoreNumbers(predicted: readonly number[], actual: readonly number[]): RegressionScore {
  const mean = sum(actual) / actual.length;
  const errors = actual.map((value, i) => predicted[i]! - value);
  const squares = sum(errors.map((error) => error * error));
  const spread = sum(actual.map((value) => (value - mean) ** 2));
  return {
    rmse: Math.sqrt(squares / actual.length),
    mae: sum(errors.map(Math.abs)) / actual.length,
    r2: 1 - squares / spread,
  };
}

/** @param probabilities of each class, a row each. */
export function scoreClasses(
  probabilities: readonly (readonly number[])[],
  actual: readonly number[],
): ClassificationScore {
  const right = actual.filter((label, i) => argmax(probabilities[i]!) === label).length;
  const losses = actual.map((label, i) => -Math.log(Math.max(probabilities[i]![label]!, 1e-12)));
  return { accuracy: right / actual.length, logLoss: sum(losses) / actual.length };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

export const argmax = (numbers: readonly number[]): number =>
  numbers.reduce((best, number, i) => (number > numbers[best]! ? i : best), 0);
