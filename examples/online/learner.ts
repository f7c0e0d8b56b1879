/** A model that is asked for tomorrow's temperature, is told it a day later, and learns from it. */
import { type Compiled, compile, nn, optim, predict, randint, type Tensor, tensor } from 'lanewise';
import { type Day, featuresOf } from '../weather/days.js';

/** Days that are kept, and how many of them each step learns from: the newest, and others at random. */
const remembered = 365;
const batch = 64;

export const makeModel = () => new nn.Sequential(new nn.Linear(6, 32), new nn.Tanh(), new nn.Linear(32, 1));

/** The highest temperature of the day after this one, in degrees. */
export async function forecast(model: nn.Module, today: Day): Promise<number> {
  const output = await predict(model, tensor([featuresOf(today)]));
  return degreesOf(output.item());
}

export const degreesOf = (output: number): number => 16 + 10 * output;
export const outputOf = (degrees: number): number => (degrees - 16) / 10;

export class Learner {
  readonly model: nn.Module;
  /** Forecast, loss, gradients and the optimizer's step as one native call, on a thread of the library's own. */
  readonly #step: Compiled<[Tensor, Tensor], Tensor>;
  readonly #days: { readonly features: number[]; readonly output: number }[] = [];

  constructor(model: nn.Module) {
    this.model = model;
    const optimizer = new optim.Adam(model.parameters(), { lr: 0.001 });
    const criterion = new nn.L1Loss();
    this.#step = compile((features: Tensor, output: Tensor) => {
      optimizer.zeroGrad();
      const loss = criterion.forward(model.forward(features), output);
      loss.backward();
      optimizer.step();
      return loss;
    });
  }

  /** Learns that this day was followed by such a temperature. The event loop stays free meanwhile. */
  async learn(day: Day, next: number): Promise<void> {
    const newest = { features: featuresOf(day), output: outputOf(next) };
    this.#days.push(newest);
    if (this.#days.length > remembered) this.#days.shift();
    const order = randint(0, this.#days.length, [batch - 1]).toTypedArray('int32');
    const chosen = [newest, ...Array.from(order, (i) => this.#days[i]!)];
    await this.#step.async(
      tensor(chosen.map(({ features }) => features)),
      tensor(chosen.map(({ output }) => [output])),
    );
  }
}
