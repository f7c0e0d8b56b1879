/** Requests from the process of client.ts. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Heard } from './client.js';

export class Load {
  readonly #client: ChildProcess;

  /** @param rate requests a second. */
  constructor(url: string, body: string, rate: number) {
    // stdout is the protocol of this process.
    this.#client = fork(fileURLToPath(new URL('./client.ts', import.meta.url)), [url, body, String(rate)], {
      execArgv: ['--import', import.meta.resolve('tsx')],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
  }

  /** Forgets what was answered so far: connections that are made, code that is compiled. */
  begin(): void {
    if (this.#client.connected) this.#client.send('begin');
  }

  /** Ends the client, and with it its connections. @throws Error when the client was gone before. */
  async stop(): Promise<Heard> {
    const gone = once(this.#client, 'exit');
    if (!this.#client.connected) throw new Error('the client of the service ended too early');
    const heard = once(this.#client, 'message').then(([message]) => message as Heard);
    this.#client.send('stop');
    const early = gone.then(([code]) => Promise.reject(new Error(`the client of the service ended with ${code}`)));
    const found = await Promise.race([heard, early]);
    this.close();
    await gone;
    return found;
  }

  close(): void {
    if (this.#client.connected) this.#client.disconnect();
  }
}
