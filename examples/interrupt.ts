/** Ctrl-C in the examples. */

/** Is aborted by Ctrl-C; a second one ends the process at once. */
export function signalOfInterrupt(): AbortSignal {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  return stop.signal;
}

/** The exit status of a program that Ctrl-C has ended. */
export const interrupted = 130;

/** Runs the program of an example: its exit status is what `main` gives, 130 when it ends by the signal. */
export async function runMain(main: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const signal = signalOfInterrupt();
  try {
    await main(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    console.log('stopped');
    process.exitCode = interrupted;
  }
}
