/** The list of studies. */
import { checkpoint } from './checkpoint.js';
import { compiledStep } from './compiled-step.js';
import { contention } from './contention.js';
import { convolutionSweeps } from './convolution-sweeps.js';
import { csv } from './csv.js';
import { eventLoop } from './event-loop.js';
import { pointwiseChain } from './pointwise-chain.js';
import { service } from './service.js';
import { stepVariants } from './step-variants.js';
import type { Study } from './study.js';

export const studies: readonly Study[] = [
  checkpoint,
  compiledStep,
  contention,
  convolutionSweeps,
  csv,
  eventLoop,
  pointwiseChain,
  service,
  stepVariants,
];
