import { show } from '../check.js';
import { ArgumentError } from '../errors.js';
import type { Tensor } from '../tensor/tensor.js';
import { type NamedModules, readNamed } from './container.js';
import type { Chain, FeaturesOfChain } from './features.js';
import { ListContainer } from './list-container.js';
import { locate } from './locate.js';
import { Module } from './module.js';
import { className } from './repr.js';

/**
 * Modules one behind the other: each gets what the one before it gives. Without any it returns its input itself.
 *
 * Layers whose numbers of features do not fit together are an error of the compiler (`expects 64 features, gets 128`) as
 * far as the sizes are literal: see {@link Chain}. The type goes by what the constructor is given; what is appended or
 * inserted later is checked when it runs.
 *
 * As {@link https://docs.pytorch.org/docs/stable/generated/torch.nn.Sequential.html | torch.nn.Sequential}.
 */
export class Sequential<Layers extends readonly Module[] = readonly Module[]> extends ListContainer<
  Module,
  readonly [input: Tensor],
  Tensor
> {
  /** Exists in types only: see {@link Chain}. */
  declare readonly '~features'?: FeaturesOfChain<Layers>;

  /**
   * @param layers the modules, which get the names `0`, `1`, ...
   * @throws ArgumentError for anything that is not a module.
   */
  constructor(...layers: Chain<Layers>);
  /** @param named the modules by name. */
  constructor(named: NamedModules<Module>);
  constructor(...layers: unknown[]) {
    super();
    const isList = layers.length !== 1 || layers[0] instanceof Module;
    const named = isList ? layers.map((layer, i) => [String(i), layer] as const) : readNamed('Sequential', layers[0]);
    for (const [name, layer] of named)
      this.setMember(this.checkMember('Sequential', name, layer as Module), layer as Module);
  }

  /** @throws what a layer throws, with the name of the layer in front: `Sequential[2] Linear: expected 784 features ...` */
  override forward(input: Tensor): Tensor {
    let output = input;
    for (const [name, layer] of this.members()) {
      try {
        output = layer.forward(output);
      } catch (error) {
        throw locate(`${className(this)}[${name}]`, error);
      }
    }
    return output;
  }

  /**
   * A Sequential of the modules from `start` to before `end`, each `step`th, as a slice in Python counts: the same modules under the same names.
   * @throws ArgumentError for anything but whole numbers, or a step of 0.
   */
  slice(start?: number, end?: number, step?: number): Sequential {
    return new Sequential(new Map(this.sliced(start, end, step)));
  }

  /** A Sequential of these modules and those of others behind them, renumbered: Python's `a + b`. The modules are shared. */
  concat(...others: readonly Iterable<Module>[]): Sequential {
    return new Sequential(...(this.joined('concat', others) as Module[]));
  }

  /**
   * A Sequential of these modules, `times` times one behind the other: Python's `a * 2`. The modules are shared.
   * @throws ArgumentError unless `times` is a positive integer.
   */
  repeat(times: number): Sequential {
    const caller = `${className(this)}.repeat`;
    if (typeof times !== 'number' || !Number.isSafeInteger(times))
      throw new ArgumentError(`${caller}: unsupported operand: expected an integer, got ${show(times)}`);
    if (times <= 0) throw new ArgumentError(`${caller}: Non-positive multiplication factor ${times} for Sequential`);
    return new Sequential(...Array.from({ length: times }, () => [...this]).flat());
  }
}
