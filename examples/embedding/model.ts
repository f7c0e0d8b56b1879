import { cat, type data, nn, type Tensor } from 'lanewise';

/** A vector for each name, learnt with the rest: together with the numbers they go through a network. */
export class EmbeddingNetwork extends nn.Module<readonly [row: data.IndexedInput]> {
  readonly embeddings: nn.ModuleList<nn.Embedding>;
  readonly layers: nn.Sequential;

  /**
   * @param sizes how many names each column has
   * @param width columns of numbers
   */
  constructor(sizes: readonly number[], width: number) {
    super();
    // Few names need few numbers.
    const dimensions = sizes.map((size) => Math.min(16, Math.ceil(size / 2)));
    this.embeddings = new nn.ModuleList(sizes.map((size, i) => new nn.Embedding(size, dimensions[i]!)));
    const features = dimensions.reduce((sum, each) => sum + each, width);
    this.layers = new nn.Sequential(
      new nn.Linear(features, 64),
      new nn.ReLU(),
      new nn.Linear(64, 64),
      new nn.ReLU(),
      new nn.Linear(64, 1),
    );
  }

  /** @returns [batch, 1] */
  override forward({ dense, indices }: data.IndexedInput): Tensor {
    const vectors = Array.from(this.embeddings, (embedding, i) => embedding.forward(indices.select(1, i)));
    return this.layers.forward(cat([...vectors, dense], 1));
  }
}
