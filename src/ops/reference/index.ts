/**
 * The reference backend: every op in plain loops, computed in float64 and rounded once when stored. It is the oracle
 * of the other backends, what the library falls back to without its addon, and what gradient checks run on, since
 * it takes float64 memory as well.
 */

import { hostOps } from '../host.js';
import type { Ops } from '../ops.js';
import { attentionOps } from './attention.js';
import { convOps } from './conv.js';
import { convMaxPoolOps } from './conv-max-pool.js';
import { copyOps } from './copy.js';
import { crossEntropyOps } from './cross-entropy.js';
import { ctcOps } from './ctc.js';
import { gatherOps } from './gather.js';
import { indexingOps } from './indexing.js';
import { integerOps } from './integers.js';
import { linearOps } from './linear.js';
import { matmulOps } from './matmul.js';
import { normOps } from './norm.js';
import { orderOps } from './order.js';
import { pointwiseOps } from './pointwise.js';
import { poolOps } from './pool.js';
import { recurrentOps } from './recurrent.js';
import { reduceOps } from './reduce.js';
import { softmaxOps } from './softmax.js';
import { sparseOps } from './sparse.js';

export const referenceOps: Ops = {
  ...hostOps,
  ...copyOps,
  ...indexingOps,
  ...pointwiseOps,
  ...reduceOps,
  ...gatherOps,
  ...orderOps,
  ...integerOps,
  ...softmaxOps,
  ...sparseOps,
  ...matmulOps,
  ...linearOps,
  ...convOps,
  ...recurrentOps,
  ...attentionOps,
  ...poolOps,
  ...normOps,
  ...convMaxPoolOps,
  ...crossEntropyOps,
  ...ctcOps,
};
