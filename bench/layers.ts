/** Layers of norms and pools, forward and backward: what passes over memory, not products, decides. */
import { native, pytorch } from './contenders/contenders.js';
import type { Layer } from './protocol.js';

/** A workload without what all of them share. */
export interface LayerWorkload {
  readonly case: 'layers';
  readonly shape: string;
  readonly batch: number;
  readonly contenders: readonly string[];
  readonly threads: 'one';
  readonly quick: boolean;
}

const images = [
  [32, 32, 28, 28],
  [32, 64, 14, 14],
] as const;

const passes = ['forward', 'backward'] as const;

const ofImages = images.flatMap((sizes) =>
  (['batchNorm', 'maxPool'] as const).flatMap((kind) =>
    passes.flatMap((pass) => [false, true].map((channelsLast): Layer => ({ kind, pass, sizes, channelsLast }))),
  ),
);
const ofRows = passes.map((pass): Layer => ({ kind: 'layerNorm', pass, sizes: [1024, 256], channelsLast: false }));

const nameOf = ({ kind, pass, sizes, channelsLast }: Layer) =>
  `${kind} ${pass} ${sizes.join('x')}${channelsLast ? ' channels last' : ''}`;

/** Each with its parameters: batch norm in training, max pooling by 2x2 with indices, layer norm of rows. */
export const layers: readonly { readonly params: Layer; readonly workload: LayerWorkload }[] = [
  ...ofImages,
  ...ofRows,
].map((params) => ({
  params,
  workload: {
    ...{ case: 'layers', shape: nameOf(params), batch: params.sizes[0]!, contenders: [native, pytorch, 'jax'] },
    ...{ threads: 'one', quick: params.sizes[2] !== 28 },
  },
}));
