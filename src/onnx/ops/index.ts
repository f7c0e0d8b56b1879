/** Every op of the contract, and what becomes of it. */
import type { OpName } from '../../ops/ops.js';
import type { Handler, Handlers } from '../handlers.js';
import { along } from './along.js';
import { convolutions } from './convolutions.js';
import { indices } from './indices.js';
import { integers } from './integers.js';
import { losses } from './losses.js';
import { matrices } from './matrices.js';
import { moves } from './moves.js';
import { normalization } from './normalization.js';
import { pointwise } from './pointwise.js';
import { pooling } from './pooling.js';
import { recurrent } from './recurrent.js';
import { sparse } from './sparse.js';

/** An op that no forward pass needs, or that has no counterpart. */
const refused =
  <Name extends OpName>(what: string): Handler<Name> =>
  (call, to) => {
    throw to.refuse(`${what} has no ONNX form (op ${call.op})`);
  };

const gradients = 'a gradient';
const random = 'drawing random numbers';
const compiled = 'an op that only compiled programs have';

export const handlers: Handlers = {
  ...moves,
  ...pointwise,
  ...along,
  ...indices,
  ...integers,
  ...matrices,
  ...losses,
  ...convolutions,
  ...sparse,
  ...recurrent,
  ...pooling,
  ...normalization,
  drawKey: refused(random),
  draw: refused(random),
  convWeightGradient: refused(gradients),
  indexAdd: refused(gradients),
  softmaxBackward: refused(gradients),
  crossEntropyBackward: refused(gradients),
  ctcLoss: refused('connectionist temporal classification'),
  recurrentBackward: refused(gradients),
  // An export traces plain ops in its place.
  attention: refused(compiled),
  attentionBackward: refused(gradients),
  maxPoolBackward: refused(gradients),
  avgPoolBackward: refused(gradients),
  batchNormBackward: refused(gradients),
  layerNormBackward: refused(gradients),
  allReduce: refused(compiled),
  allReduceStart: refused(compiled),
  allReduceMatmulStart: refused(compiled),
  allReduceWait: refused(compiled),
  convMaxPool: refused(compiled),
  convMaxPoolBackward: refused(compiled),
  reduce: refused(compiled),
  gatherRows: refused(compiled),
  linearInputGradient: refused(compiled),
  crossEntropyTrain: refused(compiled),
  linearWeightUpdate: refused(compiled),
  indexUpdate: refused(compiled),
};
