/** The base of losses of an input and a target, and the form in which most of them are written down. */
import { checkOneOf, checkOptions } from '../check.js';
import { reductionNames } from '../functional/cross-entropy.js';
import type { LossOptions } from '../functional/losses/reduction.js';
import type { Reduction } from '../ops/ops.js';
import type { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';
import { className } from './repr.js';

/** How losses of elements become one; `'batchmean'` is of KLDivLoss alone. */
export type LossReduction = Reduction | 'batchmean';

/** A loss of an input and a target, with a reduction. */
export abstract class ReducedLoss extends Module<readonly [input: Tensor, target: Tensor]> {
  /** How the losses of the elements become one. */
  readonly reduction: LossReduction;
  /** The loss with any reduction: {@link lossOf} gives it to the class. @internal */
  declare readonly reduced: (input: Tensor, target: Tensor, reduction: LossReduction) => Tensor;

  constructor(reduction: LossReduction = 'mean', others: readonly LossReduction[] = []) {
    super();
    this.reduction = checkOneOf(className(this), 'reduction', reduction, [...reductionNames, ...others]);
  }

  /** The loss of its function. @throws ShapeError for shapes that do not fit. */
  override forward(input: Tensor, target: Tensor): Tensor {
    return this.reduced(input, target, this.reduction);
  }
}

/** Options that are tensors: they are buffers, null where they are left out. */
const bufferNames = { weight: 'weight', posWeight: 'pos_weight' } as const;
type BufferName = keyof typeof bufferNames;

type AnyOptions = { readonly reduction?: LossReduction };
type Settings<O> = Required<Omit<O, 'reduction' | BufferName>>;
type Buffers<O> = { readonly [Name in keyof O & BufferName]-?: Tensor | null };
type LossClass<O, Fields = unknown> = new (options?: O) => ReducedLoss & Settings<O> & Buffers<O> & Fields;

interface LossTraits<O> {
  /** The settings with their defaults. */
  readonly settings: Settings<O>;
  /** Options that are tensors. */
  readonly buffers?: readonly (keyof O & BufferName)[];
  /** Refuses settings, with PyTorch's sentence. */
  readonly check?: (caller: string, settings: Settings<O>) => void;
  /** Reductions that others do not have. */
  readonly reductions?: readonly LossReduction[];
}

/**
 * The class of a loss: settings become fields, tensors among the options buffers (in PyTorch's spelling, so that state dicts agree), and `forward` calls the
 * function with all of them.
 */
export function lossOf<O extends AnyOptions = LossOptions>(
  of: (input: Tensor, target: Tensor, options?: O) => Tensor,
  { settings, buffers = [], check, reductions = [] }: LossTraits<O>,
): LossClass<O> {
  const names = Object.keys(settings) as (keyof Settings<O> & string)[];
  class Loss extends ReducedLoss {
    constructor(options?: O) {
      const given = checkOptions<AnyOptions & Record<string, unknown>>(
        new.target.name,
        options as (AnyOptions & Record<string, unknown>) | undefined,
        ['reduction', ...buffers, ...names],
      );
      super(given.reduction, reductions);
      for (const name of buffers) this.registerBuffer(bufferNames[name], (given[name] as Tensor | undefined) ?? null);
      const own = Object.fromEntries(names.map((name) => [name, given[name] ?? settings[name]])) as Settings<O>;
      check?.(className(this), own);
      Object.assign(this, own);
    }
  }
  const define = (name: string, descriptor: PropertyDescriptor) =>
    Object.defineProperty(Loss.prototype, name, { ...descriptor, configurable: true });
  define('reduced', {
    value(this: Readonly<Record<string, unknown>>, input: Tensor, target: Tensor, reduction: LossReduction): Tensor {
      const options = [
        ...buffers.map((name) => [name, this[bufferNames[name]]] as const),
        ...names.map((name) => [name, this[name]] as const),
      ];
      return of(input, target, { reduction, ...Object.fromEntries(options) } as O);
    },
  });
  if (buffers.includes('posWeight' as keyof O & BufferName))
    define('posWeight', {
      get(this: { readonly pos_weight: Tensor | null }) {
        return this.pos_weight;
      },
    });
  return Loss as LossClass<O>;
}
