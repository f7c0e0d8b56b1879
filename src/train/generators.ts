/** The generators that a training draws from: its own, and those that DataLoaders were given. */
import { DataLoader } from '../data/data-loader.js';
import { ArgumentError } from '../errors.js';
import { type Change, makeAll, stateChange } from '../io/restore.js';
import { defaultGenerator, type Generator, type GeneratorMark, type GeneratorState } from '../random/generator.js';
import { isRecord } from '../realm.js';
import type { Source } from './source.js';

/** States by the names of the generators. */
export type GeneratorStates = Readonly<Record<string, GeneratorState>>;

/** Where the engines of all stand, cheap to take. */
export type GeneratorMarks = readonly GeneratorMark[];

export class Generators {
  readonly #all: readonly (readonly [name: string, generator: Generator])[];

  constructor(own: Generator, train: Source, validation: Source | null) {
    const all: [string, Generator][] = [['training', own]];
    for (const [name, source] of Object.entries({ train, validation })) {
      const loader = source?.kind === 'batches' && source.batches instanceof DataLoader ? source.batches : null;
      const generator = loader?.['~generator'] ?? null;
      // In the place of the default one loaders draw from the training's.
      if (generator !== null && generator !== defaultGenerator) all.push([name, generator]);
    }
    this.#all = all;
  }

  states(): GeneratorStates {
    return Object.fromEntries(this.#all.map(([name, generator]) => [name, generator.getState()]));
  }

  mark(): GeneratorMarks {
    return this.#all.map(([, generator]) => generator.mark());
  }

  /** The states with the engines as they were marked; keys of masks are counted as they are now. */
  statesAt(marks: GeneratorMarks): GeneratorStates {
    return Object.fromEntries(
      this.#all.map(([name, generator], i) => {
        const { words, position, spareNormal } = marks[i]!;
        return [name, { ...generator.getState(), mt19937: { words: Array.from(words), position }, spareNormal }];
      }),
    );
  }

  /** What has all go on from saved states. @throws ArgumentError when they are not those of these generators. */
  changes(caller: string, states: unknown): Change[] {
    return this.#all.map(([name, generator]) => {
      if (!isRecord(states) || !Object.hasOwn(states, name))
        throw new ArgumentError(`${caller}: the checkpoint has no state of the generator of ${name}`);
      return stateChange(generator, states[name] as GeneratorState);
    });
  }

  /** Sets all, or none. @throws ArgumentError as {@link changes}, and for what is no state. */
  set(caller: string, states: unknown): void {
    makeAll(this.changes(caller, states));
  }
}
