/** What the network makes of images that it was not trained on. */
import { predict, type Tensor } from 'lanewise';
import type { Digits } from '../mnist/digits.js';
import type { Model } from './model.js';

export interface Answer {
  /** The number of the image. */
  readonly image: number;
  readonly label: number;
  readonly chosen: number;
  /** How sure the network is of what it has chosen, from 0 to 1. */
  readonly probability: number;
}

export async function answersOf(model: Model, { images, labels }: Digits): Promise<Answer[]> {
  const logits: Tensor = await predict(model, images.reshape([-1, 1, 28, 28]));
  const probabilities = logits.softmax(1);
  const chosen = probabilities.argmax({ dim: 1 }).toTypedArray('int32');
  const sure = probabilities.max(1).values.toTypedArray('float32');
  const wanted = labels.toTypedArray('int32');
  return Array.from(wanted, (label, image) => ({
    ...{ image, label, chosen: chosen[image]!, probability: sure[image]! },
  }));
}

export const accuracyOf = (answers: readonly Answer[]): number =>
  answers.filter(({ label, chosen }) => label === chosen).length / answers.length;

/** Wrong answers, those first that the network is surest of. */
export const mistakesOf = (answers: readonly Answer[]): Answer[] =>
  answers.filter(({ label, chosen }) => label !== chosen).sort((a, b) => b.probability - a.probability);
