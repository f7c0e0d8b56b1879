/** How far the run is, on stderr: a bar in a terminal, else a line for each workload. */
import { Presets, SingleBar } from 'cli-progress';

export function showProgress(total: number) {
  let done = 0;
  // Ctrl-C is the runner's business: the bar must not take the signal.
  const options = { format: '[{bar}] {value}/{total}, {eta_formatted} left: {name}', gracefulExit: false };
  const bar = process.stderr.isTTY ? new SingleBar(options, Presets.shades_classic) : null;
  bar?.start(total, 0, { name: '' });
  return {
    begin(name: string): void {
      bar?.update(done, { name });
      done++;
      if (bar === null) process.stderr.write(`${done}/${total} ${name}\n`);
    },
    stop: (): void => void bar?.stop(),
  };
}
