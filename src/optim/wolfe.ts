/** The line search of {@link LBFGS}: a step length for which both strong Wolfe conditions hold. */

/** The function along the line, and its slope there. `gradient` is handed back for the point that is chosen. */
export interface LinePoint<Gradient> {
  readonly at: number;
  readonly value: number;
  readonly slope: number;
  readonly gradient: Gradient;
}

/** Settings of {@link strongWolfe}. */
export interface WolfeSettings {
  /** Brackets whose largest change of a parameter is below this end the search. */
  readonly toleranceChange: number;
  /** The largest size of an element of the direction. */
  readonly directionNorm: number;
  /** How many points are looked at after the first one. */
  readonly most: number;
}

const [sufficientDecrease, curvature] = [1e-4, 0.9];

/** Where the cubic through two points with their slopes is smallest, within bounds; their middle where it has no minimum. */
export function cubicMinimum(
  a: Pick<LinePoint<unknown>, 'at' | 'value' | 'slope'>,
  b: Pick<LinePoint<unknown>, 'at' | 'value' | 'slope'>,
  [least, most]: readonly [number, number] = a.at <= b.at ? [a.at, b.at] : [b.at, a.at],
): number {
  const d1 = a.slope + b.slope - (3 * (a.value - b.value)) / (a.at - b.at);
  const square = d1 ** 2 - a.slope * b.slope;
  if (!(square >= 0)) return (least + most) / 2;
  const d2 = Math.sqrt(square);
  const [near, far] = a.at <= b.at ? [a, b] : [b, a];
  const minimum = far.at - (far.at - near.at) * ((far.slope + d2 - d1) / (far.slope - near.slope + 2 * d2));
  // As Python's min and max have it when the minimum is NaN: the first operand stays.
  const raised = least > minimum ? least : minimum;
  return most < raised ? most : raised;
}

/**
 * From `first`, the point at 0, looks for a point whose value is low enough, f(t) <= f(0) + 1e-4·t·f'(0), and whose slope is small enough, |f'(t)| <= 0.9·|f'(0)|:
 * steps grow until they enclose one, and the bracket is then narrowed by cubic interpolation. The last bracket's lower end otherwise.
 *
 * Nocedal and Wright, Numerical Optimization (2006), algorithms 3.5 and 3.6, with the safeguards of PyTorch's.
 * @returns the point, and how often `evaluate` was called
 */
export function strongWolfe<Gradient>(
  first: LinePoint<Gradient>,
  step: number,
  evaluate: (at: number) => LinePoint<Gradient>,
  { toleranceChange, directionNorm, most }: WolfeSettings,
): { readonly point: LinePoint<Gradient>; readonly evaluations: number } {
  const isTooHigh = ({ at, value }: LinePoint<Gradient>) => value > first.value + sufficientDecrease * at * first.slope;
  const isFlat = ({ slope }: LinePoint<Gradient>) => Math.abs(slope) <= -curvature * first.slope;
  let previous = first;
  let point = evaluate(step);
  let evaluations = 1;
  let rounds = 0;
  let bracket: [LinePoint<Gradient>, LinePoint<Gradient>] | null = null;
  while (rounds < most) {
    if (isTooHigh(point) || (rounds > 1 && point.value >= previous.value)) {
      bracket = [previous, point];
      break;
    }
    if (isFlat(point)) return { point, evaluations };
    if (point.slope >= 0) {
      bracket = [previous, point];
      break;
    }
    const bounds = [point.at + 0.01 * (point.at - previous.at), point.at * 10] as const;
    const next = cubicMinimum(previous, point, bounds);
    previous = point;
    point = evaluate(next);
    evaluations += 1;
    rounds += 1;
  }
  bracket ??= [first, point];

  let isStuck = false;
  let low = bracket[0].value <= bracket[1].value ? 0 : 1;
  while (rounds < most) {
    const [a, b] = bracket;
    if (Math.abs(b.at - a.at) * directionNorm < toleranceChange) break;
    const [left, right] = [Math.min(a.at, b.at), Math.max(a.at, b.at)];
    let at = cubicMinimum(a, b);
    // Too near to an end twice running, or on it: a tenth of the bracket away from it.
    const margin = 0.1 * (right - left);
    if (Math.min(right - at, at - left) < margin) {
      if (isStuck || at >= right || at <= left) {
        at = Math.abs(at - right) < Math.abs(at - left) ? right - margin : left + margin;
        isStuck = false;
      } else isStuck = true;
    } else isStuck = false;
    point = evaluate(at);
    evaluations += 1;
    rounds += 1;
    const high = 1 - low;
    if (isTooHigh(point) || point.value >= bracket[low]!.value) {
      bracket[high] = point;
      low = bracket[0].value <= bracket[1].value ? 0 : 1;
      continue;
    }
    const isFound = isFlat(point);
    if (!isFound && point.slope * (bracket[high]!.at - bracket[low]!.at) >= 0) bracket[high] = bracket[low]!;
    bracket[low] = point;
    if (isFound) break;
  }
  return { point: bracket[low]!, evaluations };
}
