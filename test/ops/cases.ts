/**
 * The one list of cases of ops. Every op of the contract is in it (contract.test.ts), every backend runs all of it
 * (ops.test.ts), and tolerances stand here and nowhere else. How to add one: src/ops/README.md.
 */
import { broadcastCases } from './cases/broadcast.js';
import type { Case } from './cases/case.js';
import { memoryCases } from './cases/copy.js';
import { crossEntropyCases } from './cases/cross-entropy.js';
import { dropoutCases } from './cases/dropout.js';
import { elementwiseCases } from './cases/elementwise.js';
import { gatherCases } from './cases/gather.js';
import { hostCases } from './cases/host.js';
import { integerCases } from './cases/integers.js';
import { linearActivationCases } from './cases/linear-activation.js';
import { linearWeightCases } from './cases/linear-weight.js';
import { matrixCases } from './cases/matmul.js';
import { optimizerCases } from './cases/optimizers.js';
import { orderCases } from './cases/order.js';
import { reduceCases } from './cases/reduce.js';
import { softmaxCases } from './cases/softmax.js';

export const cases: readonly Case[] = [
  ...memoryCases,
  ...broadcastCases,
  ...elementwiseCases,
  ...reduceCases,
  ...integerCases,
  ...gatherCases,
  ...orderCases,
  ...softmaxCases,
  ...matrixCases,
  ...linearActivationCases,
  ...linearWeightCases,
  ...dropoutCases,
  ...crossEntropyCases,
  ...optimizerCases,
  ...hostCases,
];
