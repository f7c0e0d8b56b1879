/** The curves: Chart.js comes as a script of its own and is called Chart. */

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name);

function createChart(canvas, names) {
  const [text, line] = [colour('--muted'), colour('--line')];
  const axis = { ticks: { color: text }, grid: { color: line } };
  const colours = [colour('--accent'), colour('--other')];
  return new Chart(canvas, {
    type: 'line',
    data: {
      datasets: names.map((label, i) => ({ label, data: [], borderColor: colours[i], pointRadius: 2, borderWidth: 2 })),
    },
    options: {
      maintainAspectRatio: false,
      animation: false,
      parsing: false,
      scales: {
        x: { ...axis, type: 'linear', min: 0, title: { display: true, text: 'epoch', color: text } },
        y: { ...axis, beginAtZero: true },
      },
      plugins: { legend: { labels: { color: text } } },
    },
  });
}

/** Two charts that grow while a job runs. */
export class Curves {
  #loss;
  #accuracy;

  constructor(lossCanvas, accuracyCanvas) {
    this.#loss = createChart(lossCanvas, ['training', 'held-out digits']);
    this.#accuracy = createChart(accuracyCanvas, ['training', 'held-out digits']);
  }

  clear() {
    for (const chart of [this.#loss, this.#accuracy]) {
      for (const set of chart.data.datasets) set.data = [];
      chart.update();
    }
  }

  addEpoch({ epoch, loss, accuracy, validation }) {
    add(this.#loss, epoch, [loss, validation.loss]);
    add(this.#accuracy, epoch, [accuracy, validation.accuracy]);
  }
}

/** An epoch that is told twice is drawn once. */
function add(chart, epoch, values) {
  values.forEach((y, i) => {
    const points = chart.data.datasets[i].data;
    if (!points.some(({ x }) => x === epoch)) points.push({ x: epoch, y });
  });
  chart.update();
}
