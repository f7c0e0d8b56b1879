/** Recurrent layers: sizes, options, inputs, states, lengths. Sentences are PyTorch's. */
import { Generator, nn, zeros } from '../../../src/index.js';
import { bad } from '../fixture.js';
import { argument, type Row, shape } from '../row.js';

const { rnn } = nn.utils;
const x = () => zeros([2, 2, 3]);
const states = (...sizes: number[][]) => bad(sizes.map((size) => zeros(size)));

// Made here: making one draws weights.
const generator = new Generator(1);
const lstm = new nn.LSTM(3, 4, { generator });
const gru = new nn.GRU(3, 4, { generator });
const lstmCell = new nn.LSTMCell(3, 4, { generator });
const gruCell = new nn.GRUCell(3, 4, { generator });

export const recurrentRows: readonly Row[] = [
  argument(
    'GRU: no inputs',
    ({ generator }) => new nn.GRU(0, 4, { generator }),
    'input_size must be greater than zero',
  ),
  argument('GRU: no units', () => new nn.GRU(3, -1), 'hidden_size must be greater than zero'),
  argument('GRU: half a unit', () => new nn.GRU(3, 1.5), 'GRU: hiddenSize must be an integer, got 1.5'),
  argument('GRU: no layers', () => new nn.GRU(3, 4, { numLayers: 0 }), 'num_layers must be greater than zero'),
  argument('GRU: dropout of 2', () => new nn.GRU(3, 4, { dropout: 2 }), 'dropout should be a number in range [0, 1]'),
  argument('GRU: an option of LSTM', () => new nn.GRU(3, 4, bad({ projSize: 2 })), 'GRU: unknown option "projSize"'),
  argument('RNN: nonlinearity', () => new nn.RNN(3, 4, { nonlinearity: bad('foo') }), "Unknown nonlinearity 'foo'"),
  argument('LSTM: projSize', () => new nn.LSTM(3, 4, { projSize: 4 }), 'proj_size has to be smaller than hidden_size'),
  argument('LSTM: negative projSize', () => new nn.LSTM(3, 4, { projSize: -1 }), 'proj_size should be a positive'),
  argument('LSTM: an input of numbers', () => lstm.forward(bad([1])), 'expected a Tensor or a PackedSequence'),
  shape('LSTM: features', () => lstm.forward(zeros([2, 2, 2])), 'Expected 3, got 2'),
  shape('LSTM: 4 dimensions', () => lstm.forward(zeros([1, 2, 2, 3])), 'to be 2D or 3D, got 4D instead'),
  shape('GRU: no steps', () => gru.forward(zeros([0, 2, 3])), 'sequence length to be larger than 0 in RNN'),
  shape(
    'GRU: rows of the state',
    () => gru.forward(x(), zeros([1, 3, 4])),
    'Expected hidden size (1, 2, 4), got [1, 3, 4]',
  ),
  shape(
    'LSTM: rows of the cell',
    () => lstm.forward(x(), states([1, 2, 4], [1, 3, 4])),
    'Expected hidden[1] size (1, 2, 4), got [1, 3, 4]',
  ),
  shape(
    'GRU: rank of the state',
    () => gru.forward(x(), zeros([2, 4])),
    'For batched 3-D input, hx should also be 3-D but got 2-D tensor',
  ),
  shape(
    'LSTM: rank of unbatched states',
    () => lstm.forward(zeros([2, 3]), states([1, 1, 4], [1, 1, 4])),
    'For unbatched 2-D input, hx and cx should also be 2-D but got (3-D, 3-D) tensors',
  ),
  argument('LSTM: one state', () => lstm.forward(x(), bad(zeros([1, 2, 4]))), 'expected a state [hidden, cell]'),
  argument('LSTM: int32', () => lstm.forward(zeros([2, 2, 3], { dtype: 'int32' })), 'expected a float32 or float64'),
  shape('GRUCell: features', () => gruCell.forward(zeros([2, 2])), 'inconsistent input_size: got 2 expected 3'),
  shape('GRUCell: 3 dimensions', () => gruCell.forward(x()), 'to be 1D or 2D, got 3D instead'),
  shape(
    'GRUCell: rows of the state',
    () => gruCell.forward(zeros([2, 3]), zeros([3, 4])),
    "Input batch size 2 doesn't match hidden0 batch size 3",
  ),
  shape(
    'LSTMCell: size of the cell',
    () => lstmCell.forward(zeros([2, 3]), states([2, 4], [2, 5])),
    'hidden1 has inconsistent hidden_size: got 5, expected 4',
  ),
  argument('packing: order', () => rnn.packPaddedSequence(x(), [1, 2]), 'must be sorted in decreasing order'),
  argument('packing: a length of 0', () => rnn.packPaddedSequence(x(), [2, 0]), 'has to be greater than 0'),
  argument(
    'packing: a length beyond the steps',
    () => rnn.packPaddedSequence(x(), [3, 1]),
    'a length is 3, but the input has 2',
  ),
  argument('packing: too few lengths', () => rnn.packPaddedSequence(x(), [2]), 'got 1 (batch_size=2)'),
  argument(
    'unpacking: too short',
    () => rnn.padPackedSequence(rnn.packPaddedSequence(x(), [2, 1]), { totalLength: 1 }),
    'Expected total_length to be at least the length of the longest sequence in input',
  ),
  argument('padding: nothing', () => rnn.padSequence([]), 'received an empty list of sequences'),
];
