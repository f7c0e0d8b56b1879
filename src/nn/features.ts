/**
 * What a layer does to the number of features and of channels, as types: `new Sequential(...)` compares neighbours when it is compiled.
 * Sizes that are known only as `number`, and layers that do not say, fit everything; the rest is checked when it runs.
 */

/** Takes `Expects` features in the last dimension and gives `Gives`. */
export interface Features<Expects extends number = number, Gives extends number = number> {
  /** Size of the last dimension that goes in. */
  readonly expects: Expects;
  /** Size of the last dimension that comes out. */
  readonly gives: Gives;
}

/** Takes `Expects` channels and gives `Gives`, as convolutions do: channels stand in front of the spatial dimensions. */
export interface Channels<Expects extends number = number, Gives extends number = number> {
  /** Channels that go in. */
  readonly expectsChannels: Expects;
  /** Channels that come out. */
  readonly givesChannels: Gives;
}

/** Gives as many features and channels as it gets. */
export type SameFeatures = 'same';

/** Gives as many channels as it gets, of another spatial size: a pool, say. */
export type SameChannels = 'same channels';

/**
 * What a layer declares. A module of one's own takes part with a field that exists in types only:
 * `declare readonly '~features'?: nn.Features<64, 10>`.
 */
type FeaturesOf<Layer> = Layer extends { readonly '~features'?: infer F } ? Exclude<F, undefined> : unknown;

type Expects<Layer> = FeaturesOf<Layer> extends Features<infer E, number> ? E : number;
type ExpectsChannels<Layer> = FeaturesOf<Layer> extends Channels<infer E, number> ? E : number;

type Gives<Layer, Gets extends number> =
  FeaturesOf<Layer> extends SameFeatures ? Gets : FeaturesOf<Layer> extends Features<number, infer G> ? G : number;
type GivesChannels<Layer, Gets extends number> =
  FeaturesOf<Layer> extends SameFeatures | SameChannels
    ? Gets
    : FeaturesOf<Layer> extends Channels<number, infer G>
      ? G
      : number;

/** True where sizes fit, or are not both known. */
type Fits<Gets extends number, Wanted extends number> = number extends Gets | Wanted
  ? true
  : Gets extends Wanted
    ? true
    : false;

/** The layer itself where it fits behind that many features and channels, else a sentence that the compiler shows. */
type Fitting<Layer, Gets extends number, GetsChannels extends number> =
  Fits<Gets, Expects<Layer>> extends true
    ? Fits<GetsChannels, ExpectsChannels<Layer>> extends true
      ? Layer
      : `expects ${ExpectsChannels<Layer>} channels, gets ${GetsChannels}`
    : `expects ${Expects<Layer>} features, gets ${Gets}`;

/** The layers; a sentence replaces each that does not fit behind the one before it. */
export type Chain<Layers extends readonly unknown[]> =
  Walk<Layers> extends infer Checked extends readonly unknown[] ? Checked : Layers;

/** Keeps its result in `Done`, so that the recursion is a loop to the compiler, which bears a thousand layers then. */
type Walk<
  Layers extends readonly unknown[],
  Gets extends number = number,
  GetsChannels extends number = number,
  Done extends readonly unknown[] = [],
> = Layers extends readonly [infer Layer, ...infer Rest]
  ? Walk<Rest, Gives<Layer, Gets>, GivesChannels<Layer, GetsChannels>, [...Done, Fitting<Layer, Gets, GetsChannels>]>
  : [...Done, ...Layers];

/** What layers one behind the other do together. */
export type FeaturesOfChain<Layers extends readonly unknown[]> =
  FeaturesOf<Layers[number]> extends SameFeatures
    ? SameFeatures
    : FeaturesOf<Layers[number]> extends SameFeatures | SameChannels
      ? SameChannels
      : Features<First<Layers>, Last<Layers>> & Channels<FirstChannels<Layers>, LastChannels<Layers>>;

type First<Layers extends readonly unknown[]> = Layers extends readonly [infer Layer, ...infer Rest]
  ? FeaturesOf<Layer> extends SameFeatures
    ? First<Rest>
    : Expects<Layer>
  : number;

type FirstChannels<Layers extends readonly unknown[]> = Layers extends readonly [infer Layer, ...infer Rest]
  ? FeaturesOf<Layer> extends SameFeatures | SameChannels
    ? FirstChannels<Rest>
    : ExpectsChannels<Layer>
  : number;

type Last<Layers extends readonly unknown[]> = Layers extends readonly [...infer Rest, infer Layer]
  ? FeaturesOf<Layer> extends SameFeatures
    ? Last<Rest>
    : Gives<Layer, number>
  : number;

type LastChannels<Layers extends readonly unknown[]> = Layers extends readonly [...infer Rest, infer Layer]
  ? FeaturesOf<Layer> extends SameFeatures | SameChannels
    ? LastChannels<Rest>
    : GivesChannels<Layer, number>
  : number;
