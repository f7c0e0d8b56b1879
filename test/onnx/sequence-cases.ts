/** Recurrent layers and attention. */
import { functional as F, nn, type Tensor } from '../../src/index.js';
import { type Case, one, x } from './case.js';

export const sequenceCases: Case[] = [
  one(
    'LSTM, two layers in both directions',
    ((lstm) => (a: Tensor | undefined) => {
      const [output, [hidden, cell]] = lstm.forward(a!);
      return { output, hidden: hidden.transpose(0, 1), cell: cell.transpose(0, 1) };
    })(new nn.LSTM(3, 5, { numLayers: 2, bidirectional: true, batchFirst: true })),
    x(4, 3),
  ),
  one(
    'GRU',
    (
      (gru) => (a: Tensor | undefined) =>
        gru.forward(a!)[0]
    )(new nn.GRU(3, 5, { batchFirst: true })),
    x(4, 3),
  ),
  one(
    'RNN with relu, without biases',
    (
      (layer) => (a: Tensor | undefined) =>
        layer.forward(a!)[0]
    )(new nn.RNN(3, 5, { batchFirst: true, bias: false, nonlinearity: 'relu' })),
    x(4, 3),
  ),
  one(
    'TransformerEncoder',
    (
      (encoder) => (a: Tensor | undefined) =>
        encoder.forward(a!)
    )(
      new nn.TransformerEncoder(
        new nn.TransformerEncoderLayer(6, 2, { dimFeedforward: 5, batchFirst: true }),
        2,
      ).eval(),
    ),
    x(4, 6),
  ),
  one('causal attention of one tensor', (a) => F.scaledDotProductAttention(a!, a!, a!, { isCausal: true }), x(4, 6)),
];
