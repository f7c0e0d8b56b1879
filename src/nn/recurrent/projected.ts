/** An LSTM whose hidden state is projected (`projSize`): step by step from the functions of tensors. */
import { add, mul } from '../../functional/arithmetic.js';
import { linear } from '../../functional/linear.js';
import type { RecurrentResult, RecurrentState } from '../../functional/recurrent.js';
import { select, stack } from '../../functional/strided.js';
import type { Tensor } from '../../tensor/tensor.js';

interface ProjectedWeights {
  readonly ih: Tensor;
  readonly hh: Tensor;
  readonly biasIh: Tensor | null;
  readonly biasHh: Tensor | null;
  /** [projSize, hiddenSize]. */
  readonly hr: Tensor;
}

/**
 * h = W_hr·(o·tanh c), everything else as in an LSTM: input [steps, rows, features].
 * Sak et al., Long Short-Term Memory Based Recurrent Neural Network Architectures for Large Vocabulary Speech Recognition (2014).
 */
export function projectedLstm(
  input: Tensor,
  first: RecurrentState,
  weights: ProjectedWeights,
  reverse: boolean,
): RecurrentResult {
  const steps = input.shape[0]!;
  const outputs = new Array<Tensor>(steps);
  let hidden = first.hidden;
  let cell = first.cell!;
  for (let n = 0; n < steps; n++) {
    const t = reverse ? steps - 1 - n : n;
    const gates = add(
      linear(select(input, 0, t), weights.ih, weights.biasIh),
      linear(hidden, weights.hh, weights.biasHh),
    );
    const [i, f, g, o] = gates.chunk(4, 1) as [Tensor, Tensor, Tensor, Tensor];
    cell = add(mul(f.sigmoid(), cell), mul(i.sigmoid(), g.tanh()));
    hidden = linear(mul(o.sigmoid(), cell.tanh()), weights.hr);
    outputs[t] = hidden;
  }
  return { output: stack(outputs), hidden, cell };
}
