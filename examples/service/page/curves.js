/** The curves: Chart.js comes as a separate script and is called Chart. */

const names = ['training', 'held-out digits'];

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name);

function createChart(canvas) {
  const [text, line] = [colour('--muted'), colour('--line')];
  const axis = { ticks: { color: text }, grid: { color: line } };
  // Told apart by their dashes too, not by colour alone.
  const lines = [
    { borderColor: colour('--accent'), borderDash: [] },
    { borderColor: colour('--other'), borderDash: [6, 3] },
  ];
  return new Chart(canvas, {
    type: 'line',
    data: {
      datasets: names.map((label, i) => ({ label, data: [], pointRadius: 2, borderWidth: 2, ...lines[i] })),
    },
    options: {
      maintainAspectRatio: false,
      animation: false,
      parsing: false,
      scales: {
        x: { ...axis, type: 'linear', min: 0, title: { display: true, text: 'epoch', color: text } },
        y: { ...axis, beginAtZero: true },
      },
      plugins: { legend: { labels: { color: text, usePointStyle: true, pointStyle: 'line' } } },
    },
  });
}

/** Two charts that grow while a job runs. */
export class Curves {
  #loss;
  #accuracy;

  constructor(lossCanvas, accuracyCanvas) {
    this.#loss = createChart(lossCanvas);
    this.#accuracy = createChart(accuracyCanvas);
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
