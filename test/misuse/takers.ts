/** Everything that takes options, with valid options to change. */
import {
  arange,
  compile,
  data,
  EarlyStopping,
  eye,
  functional as F,
  full,
  Generator,
  linspace,
  ModelCheckpoint,
  manualSeed,
  nn,
  ones,
  onesLike,
  optim,
  rand,
  randint,
  randn,
  randperm,
  type Tensor,
  tensor,
  zeros,
  zerosLike,
} from '../../src/index.js';
import type { World } from './world.js';

export interface OptionTaker {
  readonly name: string;
  /** What messages begin with. */
  readonly place: string;
  readonly call: (options: never, world: World) => unknown;
  /** Whether null and lists are dimensions, not options. */
  readonly takesDims?: boolean;
}

const taker = (name: string, call: OptionTaker['call'], place = name): OptionTaker => ({ name, place, call });
const image = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 1, 7);

export const takers: readonly OptionTaker[] = [
  taker('tensor', (options) => tensor([1, 2], options)),
  taker('zeros', (options) => zeros([2], options)),
  taker('ones', (options) => ones([2], options)),
  taker('full', (options) => full([2], 1, options)),
  taker('zerosLike', (options, { matrix }) => zerosLike(matrix, options)),
  taker('onesLike', (options, { matrix }) => onesLike(matrix, options)),
  taker('eye', (options) => eye(2, 2, options)),
  taker('linspace', (options) => linspace(0, 1, 3, options)),
  taker('arange', (options) => arange(3, options)),
  taker('rand', (options) => rand([2], options)),
  taker('randn', (options) => randn([2], options)),
  taker('randint', (options) => randint(0, 2, [2], options)),
  taker('randperm', (options) => randperm(3, options)),
  taker('manualSeed', (options) => manualSeed(1, options)),
  taker('Generator', (options) => new Generator(1, options)),
  { ...taker('sum', (options, { matrix }) => F.sum(matrix, options)), takesDims: true },
  { ...taker('mean', (options, { matrix }) => F.mean(matrix, options)), takesDims: true },
  { ...taker('argmax', (options, { matrix }) => F.argmax(matrix, options)), takesDims: true },
  { ...taker('max', (options, { matrix }) => F.max(matrix, options)), takesDims: true },
  { ...taker('min', (options, { matrix }) => F.min(matrix, options)), takesDims: true },
  taker('repeatInterleave', (options, { matrix }) => F.repeatInterleave(matrix, 2, options)),
  taker('crossEntropy', (options, { matrix, labels }) => F.crossEntropy(matrix, labels, options)),
  taker('mseLoss', (options, { matrix }) => F.mseLoss(matrix, matrix, options)),
  taker('compile', (options) => compile((x: Tensor) => x, options)),
  taker('backward', (options, { leaf }) => leaf.sum().backward(undefined, options)),
  taker('Linear', (options) => new nn.Linear(2, 2, options)),
  taker('ReLU', (options) => new nn.ReLU(options)),
  taker('Dropout', (options) => new nn.Dropout(0.5, options)),
  taker('Dropout2d', (options) => new nn.Dropout2d(0.5, options)),
  taker('CrossEntropyLoss', (options) => new nn.CrossEntropyLoss(options)),
  taker('MSELoss', (options) => new nn.MSELoss(options)),
  taker('Module.zeroGrad', (options, { model }) => model.zeroGrad(options), 'Sequential.zeroGrad'),
  taker(
    'Module.loadStateDict',
    (options, { model }) => model.loadStateDict(model.stateDict(), options),
    'Sequential.loadStateDict',
  ),
  taker(
    'Module.registerBuffer',
    (options, { model, vector }) => model.registerBuffer('extra', vector, options),
    'Sequential.registerBuffer',
  ),
  taker('SGD', (options, { matrix }) => new optim.SGD([matrix], options)),
  taker('Adam', (options, { matrix }) => new optim.Adam([matrix], options)),
  taker('AdamW', (options, { matrix }) => new optim.AdamW([matrix], options)),
  taker('ConstantLR', (options, { optimizer }) => new optim.lrScheduler.ConstantLR(optimizer, options)),
  taker('LinearLR', (options, { optimizer }) => new optim.lrScheduler.LinearLR(optimizer, options)),
  taker('PolynomialLR', (options, { optimizer }) => new optim.lrScheduler.PolynomialLR(optimizer, options)),
  taker('ReduceLROnPlateau', (options, { optimizer }) => new optim.lrScheduler.ReduceLROnPlateau(optimizer, options)),
  taker('EarlyStopping', (options) => new EarlyStopping(options)),
  taker('ModelCheckpoint', (options) => new ModelCheckpoint(() => {}, options)),
  taker('Optimizer.zeroGrad', (options, { optimizer }) => optimizer.zeroGrad(options), 'Adam.zeroGrad'),
  taker('DataLoader', (options, { dataset }) => new data.DataLoader(dataset, options)),
  taker('readIdx', (options) => data.readIdx(image, options)),
];

/** Every name that is an option somewhere. */
export const optionNames = [
  ...['dtype', 'requiresGrad', 'shape', 'generator', 'masks', 'dim', 'keepdim', 'weight', 'ignoreIndex', 'reduction'],
  ...['labelSmoothing', 'retainGraph', 'bias', 'strict', 'setToNone', 'persistent', 'lr', 'momentum', 'dampening'],
  ...[
    'weightDecay',
    'nesterov',
    'betas',
    'eps',
    'amsgrad',
    'keepGradients',
    'passes',
    'batchSize',
    'shuffle',
    'dropLast',
    'scale',
  ],
  ...['factor', 'totalIters', 'startFactor', 'endFactor', 'power', 'patience', 'threshold', 'cooldown', 'minLr'],
  ...['minDelta', 'restoreBest', 'saveBestOnly', 'epochs', 'threads', 'timeLimit', 'fuse', 'interval'],
] as const;
