import { checkNumber, checkOptions } from '../check.js';
import { ArgumentError } from '../errors.js';
import type { Shape } from '../tensor/shape.js';
import { setGradFn } from '../tensor/tape.js';
import type { Tensor } from '../tensor/tensor.js';
import { add, div, mul, pow, sub } from './arithmetic.js';
import { max, min } from './extremum.js';
import { absolute, product, root, signOf, zeroWhere } from './plain.js';
import { permute } from './strided.js';
import { type ReduceOptions, sum } from './sum.js';
import { checkFloat, expanded, viewAs } from './support.js';
import { reshape } from './views.js';

/**
 * (Σ|x|^p)^(1/p) over `dim`, or over all. p may be infinite (the largest |x|, or the smallest for -Infinity), 0 (how many are not
 * 0) or `'fro'`, which is 2, the default. As `torch.norm`. Gradient: grad·sign(x)·|x|^(p-1)·output^(1-p), and 0 where x or the norm is
 * 0; for infinite p it is shared evenly among the elements that have the norm.
 * @throws ArgumentError for the infinite norms of nothing.
 */
export function norm(input: Tensor, p: number | 'fro' = 2, options?: ReduceOptions): Tensor {
  const caller = 'norm';
  checkFloat(caller, input);
  const power = p === 'fro' ? 2 : checkNumber(caller, 'p', p);
  const over: ReduceOptions = checkOptions(caller, options, ['dim', 'keepdim']);
  const x = input.detach();
  const size = absolute(x);
  // A result all the same, with no gradient to give.
  if (power === 0) return setGradFn('LinalgVectorNormBackward0', sum(signOf(size), over), [input], [], () => [null]);
  const kept = sum(x, { ...over, keepdim: true }).shape;
  const shape = sum(x, over).shape;
  const whole = (tensor: Tensor) => expanded(viewAs(tensor, kept), x.shape);
  if (!Number.isFinite(power)) {
    const output = viewAs(extreme(size, kept, power > 0), shape);
    return setGradFn('LinalgVectorNormBackward0', output, [input], [input, output], (grad) => [
      sharedEvenly(whole, viewAs(grad, kept), x, viewAs(output.detach(), kept)),
    ]);
  }
  const output = rooted(sum(power === 2 ? product(x, x) : power === 1 ? size : pow(size, power), over), power);
  return setGradFn('LinalgVectorNormBackward0', output, [input], [input, output], (grad) => {
    const own = power === 2 ? x : zeroWhere(mul(signOf(x), pow(absolute(x), power - 1)), absolute(x));
    const y = output.detach();
    const factor = zeroWhere(power === 2 ? div(grad, y) : mul(grad, pow(y, 1 - power)), absolute(y));
    return [product(own, whole(factor))];
  });
}

function rooted(total: Tensor, power: number): Tensor {
  if (power === 2) return root(total);
  return power === 1 ? total : pow(total, 1 / power);
}

/** The largest or smallest element over the dimensions that have size 1 in `kept`. */
function extreme(size: Tensor, kept: Shape, largest: boolean): Tensor {
  const dims = [...size.shape.keys()];
  const gone = dims.filter((dim) => kept[dim] !== size.shape[dim]);
  if (gone.some((dim) => size.shape[dim] === 0))
    throw new ArgumentError(
      `norm: cannot compute the ${largest ? 'inf' : '-inf'} norm on an empty tensor because the operation does not have an identity`,
    );
  const outer = kept.reduce((product, one) => product * one, 1);
  if (outer === 0) return viewAs(size, kept);
  const rows = reshape(permute(size, [...dims.filter((dim) => !gone.includes(dim)), ...gone]), [outer, -1]);
  return (largest ? max : min)(rows, { dim: 1 }).values;
}

function sharedEvenly(whole: (tensor: Tensor) => Tensor, grad: Tensor, x: Tensor, norm: Tensor): Tensor {
  // sign(|a - norm|) is 0 where they are equal: infinity minus itself is NaN, whose sign is 0 too.
  const equal = sub(1, signOf(absolute(sub(absolute(x), norm))));
  const dims = [...x.shape.keys()].filter((dim) => norm.shape[dim] !== x.shape[dim]);
  const count = dims.length === 0 ? equal : sum(equal, { dim: dims, keepdim: true });
  const isNumber = signOf(add(absolute(norm), 1));
  return product(signOf(x), zeroWhere(zeroWhere(whole(div(grad, count)), equal), whole(isNumber)));
}
