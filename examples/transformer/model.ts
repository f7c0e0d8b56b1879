import { nn, type Tensor } from 'lanewise';
import { SinusoidalPositions } from './positions.js';

/** Reads the 28 rows of a digit as a sequence, with or without saying which row is which. */
export class RowReader extends nn.Module {
  readonly embedding = new nn.Linear(28, 32);
  readonly positions: nn.Module;
  readonly encoder: nn.TransformerEncoder;
  readonly head = new nn.Linear(32, 10);

  constructor(hasPositions: boolean) {
    super();
    this.positions = hasPositions ? new SinusoidalPositions(32, 28) : new nn.Identity();
    const layer = new nn.TransformerEncoderLayer(32, 4, { dimFeedforward: 64, dropout: 0, batchFirst: true });
    this.encoder = new nn.TransformerEncoder(layer, 2);
  }

  /** @param images [batch, 784] */
  override forward(images: Tensor): Tensor {
    const rows = this.embedding.forward(images.reshape([-1, 28, 28]));
    const read = this.encoder.forward(this.positions.forward(rows));
    return this.head.forward(read.mean({ dim: 1 }));
  }
}
