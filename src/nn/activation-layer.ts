/** Layers of activations, made of the entries that their functions are made of. */
import {
  type ActivationFunction,
  activationOf,
  applyActivation,
  type Named,
  type Positional,
  readSettings,
  type Setting,
} from '../functional/activations/activation.js';
import { pythonRepr } from '../tensor/python-repr.js';
import type { Tensor } from '../tensor/tensor.js';
import type { SameFeatures } from './features.js';
import { Module } from './module.js';
import { className } from './repr.js';

/** A layer that keeps the shape. */
export abstract class ActivationLayer extends Module {
  /** Exists in types only: see {@link SameFeatures}. */
  declare readonly '~features'?: SameFeatures;
}

/** The flag that PyTorch's rectifiers have. */
export interface InplaceOption {
  /** Accepted and printed for programs that come from PyTorch; the result is a new tensor all the same. Default false. */
  inplace?: boolean;
}

/** What a layer is made of: by position, as PyTorch's users write it, or by name. */
export type LayerArguments<S extends readonly Setting[], Options> =
  | [...Positional<S>, options?: Options]
  | [options?: Partial<Named<S>> & Options];
type InplaceArguments<S extends readonly Setting[]> =
  | LayerArguments<S, InplaceOption>
  | [...Positional<S>, inplace?: boolean];

/** The class of the layers of an activation; its settings are fields. */
type LayerClass<S extends readonly Setting[], Arguments extends readonly unknown[], Fields> = new (
  ...settings: Arguments
) => ActivationLayer & Named<S> & Fields;

/** Whether a layer prints the names of its settings, and `inplace` where it is set. Default: both. */
interface Printing {
  readonly names?: boolean;
  readonly inplace?: boolean;
}

/** What a layer has that its function has not. */
interface LayerTraits<S extends readonly Setting[]> extends Printing {
  /** Refuses numbers, where PyTorch's layer does it in other words than the function. */
  readonly check?: (caller: string, numbers: Named<S>) => void;
}

/** The class of an activation's layers. */
export function layerOf<const S extends readonly Setting[]>(
  made: ActivationFunction<S>,
  traits: LayerTraits<S> = {},
): LayerClass<S, LayerArguments<S, object>, object> {
  return makeClass(made, [], traits);
}

/** The same with the option `inplace`. */
export function inplaceLayerOf<const S extends readonly Setting[]>(
  made: ActivationFunction<S>,
  traits: LayerTraits<S> = {},
): LayerClass<S, InplaceArguments<S>, Required<InplaceOption>> {
  return makeClass(made, ['inplace'], traits);
}

function makeClass<S extends readonly Setting[], Arguments extends readonly unknown[], Fields>(
  made: ActivationFunction<S>,
  flags: readonly string[],
  traits: LayerTraits<S>,
): LayerClass<S, Arguments, Fields> {
  const entry = activationOf(made);
  class Layer extends ActivationLayer {
    constructor(...settings: Arguments) {
      super();
      const caller = className(this);
      const values = readSettings(caller, entry, settings, flags);
      (traits.check ?? entry.check)?.(caller, values);
      Object.assign(this, values);
    }

    override forward(input: Tensor): Tensor {
      return applyActivation(entry, entry.name, input, this as ActivationLayer as ActivationLayer & Named<S>);
    }

    override extraRepr(): string {
      return printed(this as object as Readonly<Record<string, unknown>>, entry.settings, traits);
    }
  }
  return Layer as LayerClass<S, Arguments, Fields>;
}

/** Settings as PyTorch prints them; `inplace` only when it is set. @internal */
export function printed(
  layer: Readonly<Record<string, unknown>>,
  settings: readonly Setting[],
  { names = true, inplace = true }: Printing = {},
): string {
  const parts = settings.map(([name, standard]) => {
    const value = layer[name];
    const text = value === standard && Number.isInteger(value) ? `${value}.0` : pythonRepr(value);
    return names ? `${snakeCase(name)}=${text}` : text;
  });
  return [...parts, ...(inplace && layer.inplace === true ? ['inplace=True'] : [])].join(', ');
}

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
