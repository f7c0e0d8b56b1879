/** Names of nodes and values: they say where something comes from, and there is none twice. */

export class Names {
  readonly #taken: Set<string>;
  readonly #counts = new Map<string, number>();

  /** @param taken names that others have: inputs, outputs, parameters. */
  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken);
  }

  /** `/layers/0/Gemm`, and from the second one on `/layers/0/Gemm_1`. */
  node(place: string, op: string): string {
    return this.#next(`/${[...place.split('.'), op].filter((part) => part !== '').join('/')}`, (stem, count) =>
      count === 0 ? stem : `${stem}_${count}`,
    );
  }

  /** `/layers/0/Gemm_output_0`. */
  output(node: string): string {
    return this.#next(`${node}_output`, (stem, count) => `${stem}_${count}`);
  }

  constant(): string {
    return this.#next('constant', (stem, count) => `${stem}_${count}`);
  }

  #next(stem: string, format: (stem: string, count: number) => string): string {
    let count = this.#counts.get(stem) ?? 0;
    while (this.#taken.has(format(stem, count))) count++;
    const name = format(stem, count);
    this.#counts.set(stem, count + 1);
    this.#taken.add(name);
    return name;
  }
}
