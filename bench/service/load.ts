/** Requests from the process of client.ts, for a while at a time. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Ask, Heard } from './client.js';

export class Load {
  readonly #ask: Ask;
  readonly #client: ChildProcess;

  constructor(ask: Ask) {
    this.#ask = ask;
    // stdout is the protocol of this process.
    this.#client = fork(fileURLToPath(new URL('./client.ts', import.meta.url)), {
      execArgv: ['--import', import.meta.resolve('tsx')],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
  }

  start(): void {
    this.#client.send(this.#ask);
  }

  /** Waits for the answers that are still to come. @throws Error when the client is gone. */
  async stop(): Promise<Heard> {
    const gone = once(this.#client, 'exit').then(([code]) => {
      throw new Error(`the client of the service ended with ${code}`);
    });
    const heard = once(this.#client, 'message').then(([message]) => message as Heard);
    this.#client.send('stop');
    return Promise.race([heard, gone]);
  }

  /** Ends the client, and with it its connections. */
  async close(): Promise<void> {
    if (!this.#client.connected) return;
    const gone = once(this.#client, 'exit');
    this.#client.disconnect();
    await gone;
  }
}
