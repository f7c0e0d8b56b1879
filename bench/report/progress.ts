/** How far the run is, on stderr: a bar in a terminal, else a line for each workload. */
import { Presets, SingleBar } from 'cli-progress';
import { formatDuration } from '../measure/estimate.js';

export interface Progress {
  begin(name: string): void;
  end(): void;
  stop(): void;
}

/** @param estimatesMs of each part, in order. The time left follows from them and from the time that parts really took. */
export function createProgress(estimatesMs: readonly number[], now: () => number = Date.now): Progress {
  const start = now();
  const total = estimatesMs.reduce((sum, ms) => sum + ms, 0);
  let done = 0;
  const shown = process.stderr.isTTY ? bar(estimatesMs.length) : lines(estimatesMs.length);
  return {
    begin(name) {
      const past = estimatesMs.slice(0, done).reduce((sum, ms) => sum + ms, 0);
      // Some contenders take longer than planned: what took place so far says by how much.
      const pace = past === 0 ? 1 : Math.max(1, (now() - start) / past);
      shown.begin(name, `about ${formatDuration((total - past) * pace)} left`);
    },
    end() {
      done++;
      shown.end();
    },
    stop: shown.stop,
  };
}

interface Shown {
  begin(name: string, left: string): void;
  end(): void;
  stop(): void;
}

function bar(total: number): Shown {
  const shown = new SingleBar(
    // Ctrl-C is the runner's business: the bar must not take the signal.
    { format: '[{bar}] {value}/{total}, {left}: {name}', clearOnComplete: true, gracefulExit: false, barsize: 24 },
    Presets.shades_classic,
  );
  shown.start(total, 0, { name: '', left: '' });
  return {
    begin: (name, left) => shown.update({ name, left }),
    end: () => shown.increment(),
    stop: () => shown.stop(),
  };
}

function lines(total: number): Shown {
  let count = 0;
  return {
    begin: (name, left) => void process.stderr.write(`${++count}/${total} ${name} (${left})\n`),
    end: () => undefined,
    stop: () => undefined,
  };
}
