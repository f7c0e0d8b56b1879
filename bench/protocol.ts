/**
 * What the runner and a contender say to each other: one JSON object a line, requests on the contender's stdin, answers on
 * its stdout, in order. A contender computes only between a request and its answer, and ends when its stdin does.
 */

/** One matrix product, [m, k] by [k, n]. Its forms in a linear layer: y = x·Wᵀ (nt), dx = dy·W (nn), dW = dyᵀ·x (tn). */
export interface Product {
  readonly form: 'nt' | 'nn' | 'tn';
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

export interface Matrix {
  readonly rows: number;
  readonly columns: number;
}

/** Linear layers with ReLU between them. */
export interface Network {
  /** From the number of inputs to the number of classes. */
  readonly layers: readonly number[];
  readonly batch: number;
}

export interface TrainStep extends Network {
  readonly optimizer: 'SGD' | 'Adam';
  /** The probability of dropout behind each hidden layer; 0 leaves the modules out. */
  readonly dropout: number;
  readonly learningRate: number;
}

/** A pass of a layer over [N, C, H, W], or of layer norm over rows [N, C]. */
export interface Layer {
  readonly kind: 'batchNorm' | 'maxPool' | 'layerNorm';
  readonly pass: 'forward' | 'backward';
  readonly sizes: readonly number[];
  /** Whether images lie as [N, H, W, C]. */
  readonly channelsLast: boolean;
}

/** A recurrent layer over [steps, batch, inputs]: a training step by SGD of the mean square of its outputs, or its outputs alone. */
export interface Recurrent {
  readonly kind: 'LSTM' | 'GRU';
  readonly pass: 'step' | 'forward';
  readonly steps: number;
  readonly batch: number;
  readonly inputs: number;
  readonly units: number;
}

/** One thing of PyTorch's vocabulary: `name` says which of its kind, or which pass. */
export interface Vocabulary {
  readonly kind:
    | 'encoder'
    | 'attention'
    | 'embedding'
    | 'sparse'
    | 'activation'
    | 'loss'
    | 'ctc'
    | 'optimizer'
    | 'regularized';
  readonly name?: string;
  readonly sizes: readonly number[];
}

/** Convolutions with ReLU and max pooling, then a hidden linear layer. */
export interface ConvTrainStep {
  /** Rows and columns of the image. */
  readonly image: number;
  /** Of the image, then of what each convolution gives. */
  readonly channels: readonly number[];
  /** Rows and columns of the filters; odd. Padding keeps the size of the image, each pool halves it. */
  readonly kernel: number;
  readonly hidden: number;
  readonly classes: number;
  readonly batch: number;
  readonly optimizer: 'SGD' | 'Adam';
  /** Of whole feature maps behind the last pool. */
  readonly featureDropout: number;
  /** Behind the hidden linear layer. */
  readonly dropout: number;
  readonly learningRate: number;
}

/** What contenders have code for, with the parameters of each program. */
export interface Programs {
  gemm: Product;
  relu: Matrix;
  dropout: Matrix;
  copy: Matrix;
  'scaled-copy': Matrix;
  'mlp-train-step': TrainStep;
  'cnn-train-step': ConvTrainStep;
  forward: Network;
  layer: Layer;
  recurrent: Recurrent;
  vocabulary: Vocabulary;
  /** A Node process that starts and ends. */
  start: object;
}

/** One number that a study finds out; the unit is printed behind it: `x`, ` %`, ` ms`. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
}

export interface Description {
  /** Names and versions for the header: `{ torch: '2.13.0' }`. */
  readonly versions: Readonly<Record<string, string>>;
  /** The instruction set that it computes with, null when it does not say. */
  readonly isa: string | null;
  /** Threads that it uses by itself, and why. */
  readonly threads: number;
  readonly threadSource: string;
  /** Settings that it runs with, and what else a reader should know, in sentences. */
  readonly notes: readonly string[];
  /** Backends of lanewise that could be contenders too. */
  readonly backends?: readonly string[];
}

/** Each request with what it brings, and its answer. */
export interface Exchanges {
  /** What are you? Answered once everything is loaded. */
  describe: { request: object; answer: Description };
  /** Allocate what this program needs, in the place of the one before. */
  prepare: { request: { program: string; params: object }; answer: object };
  /** Run it for about `ms`, one sample at least: milliseconds an iteration, each the mean over `perSample` of them. */
  run: { request: { threads: number; perSample: number; ms: number }; answer: { samplesMs: number[] } };
  /** Measure what a study measures, its long part for about that many seconds. */
  study: { request: { name: string; seconds: number }; answer: { figures: readonly Figure[] } };
  /** Measure the FMA peak of the instruction set that you run on. Only contenders that can are asked. */
  peak: { request: { threads: number; ms: number }; answer: { gflops: number } };
}

export type Kind = keyof Exchanges;
export type Ask<K extends Kind> = Exchanges[K]['request'];
export type Answer<K extends Kind> = Exchanges[K]['answer'];
export type Reply<K extends Kind = Kind> = { readonly ok: Answer<K> } | { readonly error: string };
