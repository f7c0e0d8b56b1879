/** Connects the elements of the page with the server. */
import { cancelJob, followJob, health, startTraining } from './api.js';
import { Curves } from './curves.js';
import { Recognition } from './recognition.js';

const element = (id) => document.getElementById(id);
const [form, start, cancel] = ['training', 'start', 'cancel'].map(element);
const [progress, status] = ['progress', 'status'].map(element);

const curves = new Curves(element('loss'), element('accuracy'));
const recognition = new Recognition({
  canvas: element('drawing'),
  clear: element('clear'),
  digit: element('digit'),
  bars: element('bars'),
});
/** The id of the job in progress. */
let running = null;

function setRunning(id) {
  running = id;
  start.disabled = id !== null;
  cancel.disabled = id === null;
}

function follow(id) {
  setRunning(id);
  curves.clear();
  progress.value = 0;
  status.textContent = 'Training has begun.';
  const end = (say) => (job) => {
    setRunning(null);
    status.textContent = say(job);
    recognition.refresh();
  };
  const listeners = {
    progress({ fraction }) {
      progress.value = fraction;
    },
    epoch(result) {
      const percent = (100 * result.validation.accuracy).toFixed(1);
      status.textContent = `Epoch ${result.epoch}: ${percent} % of the held-out digits are recognised${result.answers ? '' : ', fewer than by the model that answers'}.`;
      curves.addEpoch(result);
      recognition.refresh();
    },
    done: end(({ history }) => {
      progress.value = 1;
      return `Done: ${(100 * history.at(-1).validation.accuracy).toFixed(1)} % of the held-out digits are recognised.`;
    }),
    cancelled: end(({ history }) => `Cancelled after ${history.length} whole epochs.`),
    failed: end(({ error }) => `Failed: ${error}`),
  };
  followJob(id, listeners).catch((error) => {
    setRunning(null);
    status.textContent = error.message;
  });
}

/** `32, 64` as numbers. */
const sizesOf = (text) =>
  text
    .split(',')
    .filter((size) => size.trim() !== '')
    .map(Number);

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const { channels, hidden, ...numbers } = Object.fromEntries(new FormData(form));
  const options = Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, Number(value)]));
  start.disabled = true;
  try {
    const [maps, layers] = [channels, hidden].map(sizesOf);
    const { id } = await startTraining({ ...options, channels: maps, hidden: layers });
    follow(id);
  } catch (error) {
    start.disabled = false;
    status.textContent = error.message;
  }
});

cancel.addEventListener('click', async () => {
  cancel.disabled = true;
  status.textContent = 'Cancelling.';
  try {
    await cancelJob(running);
  } catch (error) {
    status.textContent = error.message;
  }
});

// A page that is opened while a job runs shows it.
const { job } = await health();
if (job !== null) follow(job);
