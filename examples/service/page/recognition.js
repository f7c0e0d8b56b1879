/** Says what digit a drawing is, while it is drawn. */
import { predict } from './api.js';
import { enableDrawing } from './drawing.js';
import { toMnist } from './mnist.js';

const unknown = 'nothing yet';

export class Recognition {
  #canvas;
  #digit;
  #bars;
  /** Whether the drawing, or the model, has changed since the last question. */
  #changed = false;
  #asking = false;

  constructor({ canvas, clear, digit, bars }) {
    this.#canvas = canvas;
    this.#digit = digit;
    this.#bars = Array.from({ length: 10 }, (_, i) => createBar(bars, i));
    const wipe = enableDrawing(canvas, () => this.refresh());
    clear.addEventListener('click', () => {
      wipe();
      this.refresh();
    });
  }

  /** Asks once more. One question at a time: what changes meanwhile is asked about next. */
  async refresh() {
    this.#changed = true;
    if (this.#asking) return;
    this.#asking = true;
    try {
      while (this.#changed) {
        this.#changed = false;
        const pixels = toMnist(this.#canvas);
        this.#show(pixels === null ? null : await predict(pixels));
      }
    } catch (error) {
      this.#digit.value = `nothing: ${error.message}`;
    } finally {
      this.#asking = false;
    }
  }

  #show(prediction) {
    this.#digit.value = prediction?.digit ?? unknown;
    this.#bars.forEach((show, i) => {
      show(prediction?.probabilities[i] ?? 0);
    });
  }
}

/** @returns a function that shows a probability. */
function createBar(list, digit) {
  const item = document.createElement('li');
  const meter = Object.assign(document.createElement('meter'), { max: 1, value: 0 });
  meter.setAttribute('aria-label', `Probability of ${digit}`);
  const text = document.createElement('span');
  item.append(meter, text);
  list.append(item);
  const show = (value) => {
    meter.value = value;
    text.textContent = `${(100 * value).toFixed(1)} %`;
  };
  show(0);
  return show;
}
