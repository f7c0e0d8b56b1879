/** Sequences of several lengths, as PyTorch's `torch.nn.utils.rnn`. */
export {
  PackedSequence,
  type PackOptions,
  type PadPackedOptions,
  type PadSequenceOptions,
  packPaddedSequence,
  packSequence,
  padPackedSequence,
  padSequence,
} from '../recurrent/packed-sequence.js';
