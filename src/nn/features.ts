/**
 * What a layer does to the number of features, as types: `new Sequential(...)` compares neighbours when it is compiled.
 * Sizes that are known only as `number`, and layers that do not say, fit everything; the rest is checked when it runs.
 */

/** Takes `Expects` features in the last dimension and gives `Gives`. */
export interface Features<Expects extends number = number, Gives extends number = number> {
  /** Size of the last dimension that goes in. */
  readonly expects: Expects;
  /** Size of the last dimension that comes out. */
  readonly gives: Gives;
}

/** Gives as many features as it gets. */
export type SameFeatures = 'same';

/**
 * What a layer declares. A module of one's own takes part with a field that exists in types only:
 * `declare readonly '~features'?: nn.Features<64, 10>`.
 */
type FeaturesOf<Layer> = Layer extends { readonly '~features'?: infer F } ? Exclude<F, undefined> : unknown;

type Expects<Layer> = FeaturesOf<Layer> extends Features<infer E, number> ? E : number;

type Gives<Layer, Gets extends number> =
  FeaturesOf<Layer> extends SameFeatures ? Gets : FeaturesOf<Layer> extends Features<number, infer G> ? G : number;

/** The layer itself where it fits behind `Gets` features, else a sentence that the compiler shows. */
type Fitting<Layer, Gets extends number> = number extends Gets | Expects<Layer>
  ? Layer
  : Gets extends Expects<Layer>
    ? Layer
    : `expects ${Expects<Layer>} features, gets ${Gets}`;

/** The layers; a sentence replaces each that does not fit behind the one before it. */
export type Chain<Layers extends readonly unknown[]> =
  Walk<Layers> extends infer Checked extends readonly unknown[] ? Checked : Layers;

/** Keeps its result in `Done`, so that the recursion is a loop to the compiler, which bears a thousand layers then. */
type Walk<
  Layers extends readonly unknown[],
  Gets extends number = number,
  Done extends readonly unknown[] = [],
> = Layers extends readonly [infer Layer, ...infer Rest]
  ? Walk<Rest, Gives<Layer, Gets>, [...Done, Fitting<Layer, Gets>]>
  : [...Done, ...Layers];

/** What layers one behind the other do together. */
export type FeaturesOfChain<Layers extends readonly unknown[]> =
  FeaturesOf<Layers[number]> extends SameFeatures ? SameFeatures : Features<First<Layers>, Last<Layers>>;

type First<Layers extends readonly unknown[]> = Layers extends readonly [infer Layer, ...infer Rest]
  ? FeaturesOf<Layer> extends SameFeatures
    ? First<Rest>
    : Expects<Layer>
  : number;

type Last<Layers extends readonly unknown[]> = Layers extends readonly [...infer Rest, infer Layer]
  ? FeaturesOf<Layer> extends SameFeatures
    ? Last<Rest>
    : Gives<Layer, number>
  : number;
