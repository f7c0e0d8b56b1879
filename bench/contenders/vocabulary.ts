/** lanewise's code for the case `vocabulary`: everything through the public API, compiled. */
import type { nn as NN, optim as Optim, Tensor } from '../../src/index.js';
import type { Vocabulary } from '../protocol.js';
import type { Library } from './library.js';

type Lanewise = Library['lanewise'];
type Maker<T> = new (...args: readonly unknown[]) => T;

interface Step {
  readonly fn: (...args: Tensor[]) => Tensor | { readonly [name: string]: Tensor };
  readonly args: readonly Tensor[];
  /** What is called behind each run. */
  readonly after?: () => void;
}

const makers: Record<Vocabulary['kind'], (lanewise: Lanewise, params: Vocabulary) => Step> = {
  encoder({ nn, optim, randn }, { sizes: [batch, length, features, heads] }) {
    const layer = new nn.TransformerEncoderLayer(features!, heads!, { batchFirst: true });
    const optimizer = new optim.SGD(layer.parameters(), { lr: 1e-5 });
    const fn = (x: Tensor) => {
      optimizer.zeroGrad();
      const output = layer.forward(x);
      const loss = output.mul(output).mean();
      loss.backward();
      optimizer.step();
      return loss;
    };
    return { fn, args: [randn([batch!, length!, features!])] };
  },
  attention({ functional: F, randn }, { name, sizes }) {
    const isCausal = name === 'causal';
    const args = [0, 1, 2, 3].map(() => randn(sizes));
    const fn = (...tensors: Tensor[]) => {
      const [query, key, value] = tensors.slice(0, 3).map((each) => each.detach().requiresGrad_()) as [
        Tensor,
        Tensor,
        Tensor,
      ];
      F.scaledDotProductAttention(query, key, value, { isCausal }).backward(tensors[3]!);
      return { query: query.grad!, key: key.grad!, value: value.grad! };
    };
    return { fn, args };
  },
  embedding({ nn, noGrad, optim, randint, randn }, { name, sizes: [entries, width, batch, tokens] }) {
    const table = new nn.Embedding(entries!, width!);
    const index = randint(0, entries!, [batch!, tokens!], { dtype: 'int32' });
    if (name === 'forward') return { fn: (x) => noGrad(() => table.forward(x)), args: [index] };
    const optimizer = new optim.SGD(table.parameters(), { lr: 1e-5 });
    const fn = (x: Tensor, grad: Tensor) => {
      optimizer.zeroGrad();
      const output = table.forward(x);
      output.backward(grad);
      optimizer.step();
      return output;
    };
    return { fn, args: [index, randn([batch!, tokens!, width!])] };
  },
  sparse({ nn, optim, randint, randn, zeros }, { name, sizes: [entries, width, batch, tokens] }) {
    const table = nn.Embedding.fromPretrained(zeros([entries!, width!]), { freeze: false, sparse: true });
    const made = (optim as unknown as Record<string, Maker<Optim.Optimizer>>)[name!]!;
    const optimizer = new made(table.parameters(), { lr: 1e-5 });
    const fn = (x: Tensor, grad: Tensor) => {
      optimizer.zeroGrad();
      const output = table.forward(x);
      output.backward(grad);
      optimizer.step();
      return output.sum();
    };
    const index = randint(0, entries!, [batch!, tokens!], { dtype: 'int32' });
    return { fn, args: [index, randn([batch!, tokens!, width!])] };
  },
  activation({ nn, randn }, { name, sizes: [rows, columns] }) {
    const layer = new (nn as unknown as Record<string, Maker<NN.Module>>)[name!]!(
      ...(name === 'Threshold' ? [0.1, 0] : name!.includes('Softm') || name === 'LogSoftmax' ? [1] : []),
    );
    const made = name === 'GLU' ? columns! / 2 : columns!;
    const fn = (x: Tensor, grad: Tensor) => {
      const leaf = x.detach().requiresGrad_();
      layer.zeroGrad();
      (layer.forward(leaf) as Tensor).backward(grad);
      return leaf.grad!;
    };
    return { fn, args: [randn([rows!, columns!]), randn([rows!, made])] };
  },
  loss(lanewise, { name, sizes: [rows, columns] }) {
    const { nn, rand, randint, randn } = lanewise;
    const loss = new (nn as unknown as Record<string, Maker<{ forward(...args: readonly Tensor[]): Tensor }>>)[
      name!
    ]!();
    const labels = () => randint(0, columns!, [rows!], { dtype: 'int32' });
    const signs = (shape: number[]) => randint(0, 2, shape).to('float32').mul(2).sub(1);
    const all = [rows!, columns!];
    const probabilities = rand(all).mul(0.9).add(0.05);
    const input = name === 'BCELoss' ? probabilities : randn(all);
    const targets: Readonly<Record<string, () => Tensor[]>> = {
      CrossEntropyLoss: () => [labels()],
      NLLLoss: () => [labels()],
      MultiMarginLoss: () => [labels()],
      GaussianNLLLoss: () => [randn(all), probabilities],
      HingeEmbeddingLoss: () => [signs(all)],
      SoftMarginLoss: () => [signs(all)],
      CosineEmbeddingLoss: () => [randn(all), signs([rows!])],
      MarginRankingLoss: () => [randn(all), signs(all)],
      TripletMarginLoss: () => [randn(all), randn(all)],
    };
    const fn = (x: Tensor, ...others: Tensor[]) => {
      const leaf = x.detach().requiresGrad_();
      const value = loss.forward(leaf, ...others);
      value.backward();
      return { value, gradient: leaf.grad! };
    };
    return { fn, args: [input, ...(targets[name!]?.() ?? [rand(all)])] };
  },
  ctc({ nn, functional: F, randint, randn }, { sizes: [steps, rows, classes, labels] }) {
    const loss = new nn.CTCLoss();
    const lengths = (length: number) => new Array<number>(rows!).fill(length);
    const [of, wanted] = [lengths(steps!), lengths(labels!)];
    const fn = (x: Tensor, targets: Tensor) => {
      const leaf = x.detach().requiresGrad_();
      const value = loss.forward(F.logSoftmax(leaf, 2), targets, of, wanted);
      value.backward();
      return { value, gradient: leaf.grad! };
    };
    return { fn, args: [randn([steps!, rows!, classes!]), randint(1, classes!, [rows!, labels!], { dtype: 'int32' })] };
  },
  optimizer(lanewise, { name, sizes: [batch] }) {
    const { nn, optim, randint, randn } = lanewise;
    const model = new nn.Sequential(
      ...[new nn.Linear(784, 256), new nn.ReLU(), new nn.Linear(256, 128), new nn.ReLU(), new nn.Linear(128, 10)],
    );
    const made = (optim as unknown as Record<string, Maker<Optim.Optimizer>>)[name!]!;
    const optimizer = new made(model.parameters(), { lr: 1e-5 });
    const loss = new nn.CrossEntropyLoss();
    const fn = (x: Tensor, y: Tensor) => {
      optimizer.zeroGrad();
      const value = loss.forward(model.forward(x), y);
      value.backward();
      optimizer.step();
      return value;
    };
    return { fn, args: [randn([batch!, 784]), randint(0, 10, [batch!], { dtype: 'int32' })] };
  },
  regularized({ nn, optim, randint, randn }, { sizes: [batch] }) {
    const block = (inputs: number, outputs: number) =>
      [new nn.Linear(inputs, outputs), new nn.BatchNorm1d(outputs), new nn.GELU(), new nn.Dropout(0.3)] as const;
    const model = new nn.Sequential(...block(784, 256), ...block(256, 128), new nn.Linear(128, 10));
    const parameters = model.parameters();
    const optimizer = new optim.AdamW(parameters, { lr: 1e-5 });
    const scheduler = new optim.lrScheduler.OneCycleLR(optimizer, { maxLr: 1e-5, totalSteps: 1e6 });
    const loss = new nn.CrossEntropyLoss();
    const fn = (x: Tensor, y: Tensor) => {
      optimizer.zeroGrad();
      const value = loss.forward(model.forward(x), y);
      value.backward();
      nn.utils.clipGradNorm_(parameters, 1);
      optimizer.step();
      return value;
    };
    const args = [randn([batch!, 784]), randint(0, 10, [batch!], { dtype: 'int32' })];
    return { fn, args, after: () => scheduler.step() };
  },
};

export function vocabularyProgram({ lanewise }: Library, compiles: boolean, params: Vocabulary): () => void {
  const { fn, args, after } = makers[params.kind](lanewise, params);
  const run = compiles ? (lanewise.compile(fn as (...args: Tensor[]) => Tensor) as typeof fn) : fn;
  return () => {
    run(...args);
    after?.();
  };
}
