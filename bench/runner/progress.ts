/** How far the run is, on stderr: a bar in a terminal, else a line for each workload. */
import { Presets, SingleBar } from 'cli-progress';

/** As a reader says it. */
export function formatDuration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return seconds < 100 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}

/** @param estimatesMs of each part, in order. The time left follows from them and from the time that parts really took. */
export function createProgress(estimatesMs: readonly number[], now: () => number = Date.now) {
  const start = now();
  const total = estimatesMs.reduce((sum, ms) => sum + ms, 0);
  let done = 0;
  // Ctrl-C is the runner's business: the bar must not take the signal.
  const format = { format: '[{bar}] {value}/{total}, {left}: {name}', clearOnComplete: true, gracefulExit: false };
  const bar = process.stderr.isTTY ? new SingleBar({ ...format, barsize: 24 }, Presets.shades_classic) : null;
  bar?.start(estimatesMs.length, 0, { name: '', left: '' });
  return {
    begin(name: string): void {
      const past = estimatesMs.slice(0, done).reduce((sum, ms) => sum + ms, 0);
      // Some contenders take longer than planned: what took place so far says by how much.
      const pace = past === 0 ? 1 : Math.max(1, (now() - start) / past);
      const left = `about ${formatDuration((total - past) * pace)} left`;
      if (bar === null) process.stderr.write(`${done + 1}/${estimatesMs.length} ${name} (${left})\n`);
      else bar.update(done, { name, left });
      done++;
    },
    stop: (): void => void bar?.stop(),
  };
}
