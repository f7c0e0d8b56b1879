/** The networks of test/golden/makers/conv_training.py. */
import { nn } from '../../src/index.js';

/** Without layers of other concepts: strides in place of pools. */
function strided(): nn.Sequential {
  return new nn.Sequential(
    new nn.Conv2d(1, 6, 5, { stride: 2, padding: 2 }),
    new nn.ReLU(),
    new nn.Dropout2d(0.25),
    new nn.Conv2d(6, 12, 3, { stride: 2, padding: 'valid', groups: 2 }),
    new nn.ReLU(),
    new nn.AlphaDropout(0.1),
    new nn.ConvTranspose2d(12, 8, 2, { stride: 2 }),
    new nn.ReLU(),
    new nn.Conv2d(8, 4, 3, { padding: 'same', paddingMode: 'circular' }),
    new nn.Flatten(),
    new nn.Linear(4 * 12 * 12, 10),
  );
}

export const convModels: Readonly<Record<string, () => nn.Sequential>> = { strided };
