/** Hearing of a signal. */
interface Listener {
  readonly calls: Set<() => void>;
  readonly listen: () => void;
}

const listeners = new WeakMap<AbortSignal, Listener>();

/**
 * Has `call` called when the signal aborts. Returns what takes it back. However many there are, the signal has one listener: Node warns
 * of a leak from eleven on.
 */
export function onAbort(signal: AbortSignal, call: () => void): () => void {
  let listener = listeners.get(signal);
  if (listener === undefined) {
    const calls = new Set<() => void>();
    listener = {
      calls,
      listen: () => {
        for (const each of [...calls]) each();
      },
    };
    listeners.set(signal, listener);
    signal.addEventListener('abort', listener.listen, { once: true });
  }
  const { calls, listen } = listener;
  calls.add(call);
  return () => {
    calls.delete(call);
    if (calls.size > 0 || listeners.get(signal)?.calls !== calls) return;
    listeners.delete(signal);
    signal.removeEventListener('abort', listen);
  };
}
