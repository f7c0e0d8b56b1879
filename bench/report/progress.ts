/** How far the run is, on stderr: a bar in a terminal, else a line for each workload. */
import { Presets, SingleBar } from 'cli-progress';

export interface Progress {
  begin(name: string): void;
  end(): void;
  stop(): void;
}

export function createProgress(total: number): Progress {
  return process.stderr.isTTY ? bar(total) : lines(total);
}

function bar(total: number): Progress {
  const shown = new SingleBar(
    // Ctrl-C is the runner's business: the bar must not take the signal.
    { format: '[{bar}] {value}/{total} {name}', clearOnComplete: true, gracefulExit: false, barsize: 24 },
    Presets.shades_classic,
  );
  shown.start(total, 0, { name: '' });
  return {
    begin: (name) => shown.update({ name }),
    end: () => shown.increment(),
    stop: () => shown.stop(),
  };
}

function lines(total: number): Progress {
  let count = 0;
  return {
    begin: (name) => void process.stderr.write(`${++count}/${total} ${name}\n`),
    end: () => undefined,
    stop: () => undefined,
  };
}
