/**
 * The one list of cases of ops. Every op of the contract is in it (contract.test.ts), every backend runs all of it
 * (ops.test.ts), and tolerances stand here and nowhere else. How to add one: src/ops/README.md.
 */
import { activationCases } from './cases/activations.js';
import { attentionCases } from './cases/attention.js';
import type { Case } from './cases/case.js';
import { convCases } from './cases/conv.js';
import { convMaxPoolCases } from './cases/conv-max-pool.js';
import { memoryCases } from './cases/copy.js';
import { crossEntropyCases } from './cases/cross-entropy.js';
import { ctcCases } from './cases/ctc.js';
import { gatherCases } from './cases/gather.js';
import { hostCases } from './cases/host.js';
import { indexUpdateCases } from './cases/index-update.js';
import { integerCases } from './cases/integers.js';
import { linearCases } from './cases/linear.js';
import { linearGradientCases } from './cases/linear-gradient.js';
import { linearWeightCases } from './cases/linear-weight.js';
import { matmulCases } from './cases/matmul.js';
import { binaryCases } from './cases/nodes-binary.js';
import { choiceCases } from './cases/nodes-choice.js';
import { unaryCases } from './cases/nodes-unary.js';
import { normCases } from './cases/norm.js';
import { optimizerCases } from './cases/optimizers.js';
import { orderCases } from './cases/order.js';
import { maskCases } from './cases/pointwise-masks.js';
import { structureCases } from './cases/pointwise-structure.js';
import { uniformCases } from './cases/pointwise-uniform.js';
import { poolCases } from './cases/pool.js';
import { recurrentCases } from './cases/recurrent.js';
import { reduceCases } from './cases/reduce.js';
import { reduceProgramCases } from './cases/reduce-program.js';
import { softmaxCases } from './cases/softmax.js';
import { sparseCases } from './cases/sparse.js';

export const cases: readonly Case[] = [
  ...memoryCases,
  ...unaryCases,
  ...binaryCases,
  ...choiceCases,
  ...structureCases,
  ...uniformCases,
  ...maskCases,
  ...activationCases,
  ...optimizerCases,
  ...reduceCases,
  ...reduceProgramCases,
  ...integerCases,
  ...gatherCases,
  ...orderCases,
  ...softmaxCases,
  ...sparseCases,
  ...matmulCases,
  ...linearCases,
  ...linearGradientCases,
  ...linearWeightCases,
  ...indexUpdateCases,
  ...convCases,
  ...recurrentCases,
  ...attentionCases,
  ...convMaxPoolCases,
  ...poolCases,
  ...normCases,
  ...crossEntropyCases,
  ...ctcCases,
  ...hostCases,
];

/** What fails together: an op, or what programs of the op `pointwise` do, which is how their names begin. */
export const groupOf = ({ op, name }: Case): string => (op === 'pointwise' ? `${op}: ${name.split(',', 1)[0]}` : op);
