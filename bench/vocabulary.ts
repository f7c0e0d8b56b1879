/** What is measured of activations, losses, optimizers, embeddings, attention, and of networks that use them. */
import { nativeCompiled, pytorch } from './contenders/contenders.js';
import type { Vocabulary } from './protocol.js';

/** A workload without what all of them share. */
export interface VocabularyWorkload {
  readonly case: 'vocabulary';
  readonly shape: string;
  readonly batch: number | null;
  readonly flops: null;
  readonly contenders: readonly string[];
  readonly threads: 'one' | 'each';
  readonly quick: boolean;
}

const activations = [
  ...[
    'ReLU',
    'ReLU6',
    'LeakyReLU',
    'PReLU',
    'ELU',
    'SELU',
    'CELU',
    'GELU',
    'SiLU',
    'Mish',
    'Softplus',
    'Softsign',
    'Tanh',
  ],
  ...[
    'Sigmoid',
    'Hardtanh',
    'Hardswish',
    'Hardsigmoid',
    'LogSigmoid',
    'Threshold',
    'Tanhshrink',
    'Hardshrink',
    'Softshrink',
  ],
  ...['Softmax', 'LogSoftmax', 'Softmin', 'GLU'],
];
const losses = [
  ...['MSELoss', 'L1Loss', 'SmoothL1Loss', 'HuberLoss', 'BCELoss', 'BCEWithLogitsLoss', 'KLDivLoss', 'PoissonNLLLoss'],
  ...['GaussianNLLLoss', 'HingeEmbeddingLoss', 'SoftMarginLoss', 'MultiLabelSoftMarginLoss', 'MultiMarginLoss'],
  ...['CosineEmbeddingLoss', 'MarginRankingLoss', 'TripletMarginLoss', 'CrossEntropyLoss', 'NLLLoss'],
];
const optimizers = [
  ...['SGD', 'Adam', 'AdamW', 'RMSprop', 'Adagrad', 'Adadelta', 'Adamax', 'NAdam', 'RAdam', 'Rprop', 'ASGD'],
];

const rows: readonly (readonly [shape: string, batch: number | null, params: Vocabulary, threads: 'one' | 'each'])[] = [
  ['TransformerEncoderLayer 128, 4 heads, length 64, step', 32, { kind: 'encoder', sizes: [32, 64, 128, 4] }, 'each'],
  ...[64, 256, 1024].flatMap((length) =>
    ([false, true] as const).map((causal) => {
      const sizes = [length === 1024 ? 2 : 8, 4, length, 32];
      const params = { kind: 'attention', sizes, name: causal ? 'causal' : 'full' } as const;
      const shape = `attention 4 heads of 32, length ${length}${causal ? ', causal' : ''}, forward and backward`;
      return [shape, sizes[0]!, params, 'each'] as const;
    }),
  ),
  [
    'Embedding 10000x64, 64 tokens, output',
    32,
    { kind: 'embedding', sizes: [10000, 64, 32, 64], name: 'forward' },
    'each',
  ],
  ['Embedding 10000x64, 64 tokens, step', 32, { kind: 'embedding', sizes: [10000, 64, 32, 64], name: 'step' }, 'each'],
  ...[10_000, 1_000_000].flatMap((entries) =>
    (['SGD', 'SparseAdam'] as const).map((name) => {
      const params = { kind: 'sparse', sizes: [entries, 64, 32, 64], name } as const;
      return [`Embedding ${entries}x64 sparse, 64 tokens, step by ${name}`, 32, params, 'each'] as const;
    }),
  ),
  [
    'BatchNorm1d, GELU, Dropout, AdamW, OneCycle, clipGradNorm, step',
    128,
    { kind: 'regularized', sizes: [128] },
    'each',
  ],
  ...activations.map(
    (name) =>
      [`${name} 256x512, forward and backward`, null, { kind: 'activation', name, sizes: [256, 512] }, 'one'] as const,
  ),
  ...losses.map(
    (name) =>
      [`${name} 256x512, forward and backward`, null, { kind: 'loss', name, sizes: [256, 512] }, 'one'] as const,
  ),
  [
    'LogSoftmax and CTCLoss, 128 steps, 64 classes, 24 labels, forward and backward',
    32,
    { kind: 'ctc', sizes: [128, 32, 64, 24] },
    'each',
  ],
  ...optimizers.map(
    (name) => [`784-256-128-10 by ${name}, step`, 128, { kind: 'optimizer', name, sizes: [128] }, 'one'] as const,
  ),
];

export const vocabulary: readonly { readonly params: Vocabulary; readonly workload: VocabularyWorkload }[] = rows.map(
  ([shape, batch, params, threads]) => ({
    params,
    workload: {
      ...{ case: 'vocabulary', shape, batch, flops: null, contenders: [nativeCompiled, pytorch], threads },
      quick: params.kind === 'encoder',
    },
  }),
);
