/** The passes in their order. */
import { checkOneOf } from '../../check.js';
import type { Graph } from '../../ops/graph.js';
import { planArena } from './arena.js';
import { propagateChannelsLast } from './channels-last.js';
import { overlapCollectives } from './collectives.js';
import { fuseConvEpilogue } from './conv-epilogue.js';
import { fuseConvMaxPool } from './conv-max-pool.js';
import { dropCopies } from './copies.js';
import { fuseCrossEntropyTrain } from './cross-entropy-train.js';
import { dropDeadStores } from './dead-stores.js';
import { hoistChecks } from './hoist-checks.js';
import { fuseIndexUpdate } from './index-update.js';
import { splitLastProduct } from './last-product.js';
import { fuseLinearEpilogue } from './linear-epilogue.js';
import { fuseLinearInputGradient } from './linear-input-gradient.js';
import { fuseLinearWeightUpdate } from './linear-weight-update.js';
import { fusePointwiseChains } from './pointwise-chains.js';
import { fuseReductions } from './reductions.js';
import { fuseReluDropoutGradients } from './relu-dropout.js';
import { swapReluAndMaxPoolGradients } from './relu-max-pool.js';
import { assignOnce } from './single-assignment.js';
import { layOutWeightPanels } from './weight-panels.js';

/** The name of a pass over a traced program, as it is switched off and as `describe` shows it. In the order in which they run. */
export type PassName =
  | 'single-assignment'
  | 'copies'
  | 'dead-stores'
  | 'hoist-checks'
  | 'index-update'
  | 'relu-dropout'
  | 'relu-max-pool'
  | 'pointwise-chains'
  | 'reductions'
  | 'channels-last'
  | 'conv-epilogue'
  | 'conv-max-pool'
  | 'linear-input-gradient'
  | 'linear-epilogue'
  | 'cross-entropy-train'
  | 'linear-weight-update'
  | 'weight-panels'
  | 'collectives'
  | 'last-product'
  | 'arena';

interface Pass {
  /** Whether it makes ops or layouts that only a fusing factory is better off with. */
  readonly fuses: boolean;
  run(graph: Graph): Graph;
}

const passes = {
  'single-assignment': { fuses: true, run: assignOnce },
  copies: { fuses: false, run: dropCopies },
  'dead-stores': { fuses: false, run: dropDeadStores },
  'hoist-checks': { fuses: false, run: hoistChecks },
  // Before the chains, which make one program of the step and what comes before it.
  'index-update': { fuses: true, run: fuseIndexUpdate },
  'relu-dropout': { fuses: true, run: fuseReluDropoutGradients },
  'relu-max-pool': { fuses: true, run: swapReluAndMaxPoolGradients },
  'pointwise-chains': { fuses: true, run: fusePointwiseChains },
  reductions: { fuses: true, run: fuseReductions },
  'channels-last': { fuses: true, run: propagateChannelsLast },
  'conv-epilogue': { fuses: true, run: fuseConvEpilogue },
  'conv-max-pool': { fuses: true, run: fuseConvMaxPool },
  // Before the epilogues: a gradient that could follow either product brings the sum of a bias along here.
  'linear-input-gradient': { fuses: true, run: fuseLinearInputGradient },
  'linear-epilogue': { fuses: true, run: fuseLinearEpilogue },
  'cross-entropy-train': { fuses: true, run: fuseCrossEntropyTrain },
  'linear-weight-update': { fuses: true, run: fuseLinearWeightUpdate },
  'weight-panels': { fuses: true, run: layOutWeightPanels },
  collectives: { fuses: true, run: overlapCollectives },
  // Behind the starts of sums, which it looks for.
  'last-product': { fuses: true, run: splitLastProduct },
} as const satisfies Record<Exclude<PassName, 'arena'>, Pass>;

export const passNames = [...Object.keys(passes), 'arena'] as PassName[];

export interface PassOptions {
  /** Whether the factory that will run the graph gains by fused ops and panels. */
  readonly fuses: boolean;
  /** Passes to leave out. Without `'arena'` each temporary gets its own offset in the arena. Default: none. */
  readonly off?: readonly PassName[];
}

/** A graph after a pass. */
export interface Stage {
  readonly name: PassName;
  readonly graph: Graph;
}

/**
 * Rewrites a traced graph for the factory that will run it.
 * @returns the final graph, planned, and the graph after each pass that ran.
 * @throws ArgumentError for a name in `off` that is none of {@link passNames}.
 */
export function applyPasses(graph: Graph, options: PassOptions): { graph: Graph; stages: Stage[] } {
  const { fuses, off = [] } = options;
  for (const name of off) checkOneOf('compile', 'pass to leave out', name, passNames);
  const stages: Stage[] = [];
  let current = graph;
  for (const [name, pass] of Object.entries(passes) as [PassName, Pass][]) {
    if (off.includes(name) || (pass.fuses && !fuses)) continue;
    current = pass.run(current);
    stages.push({ name, graph: current });
  }
  current = planArena(current, { share: !off.includes('arena') });
  stages.push({ name: 'arena', graph: current });
  return { graph: current, stages };
}
