/** A contender as the runner sees it: a process that answers one request at a time. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Contender } from '../contenders/contenders.js';
import type { Answer, Ask, Description, Kind, Reply } from '../protocol.js';

/** The contender's process is gone, or says what is not in the protocol. */
export class ContenderLost extends Error {}

/** How much of a contender's stderr is kept for messages. */
const keptStderr = 2000;

export class ContenderProcess {
  readonly contender: Contender;
  /** What it answered when it started; null before. */
  description: Description | null = null;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  /** How it ended. */
  readonly #end: Promise<string>;
  #stderr = '';
  #killed = false;
  #waits = false;

  constructor(contender: Contender) {
    this.contender = contender;
    // A process group for each: Ctrl-C reaches the runner only, which then ends the contenders.
    const child = spawn(contender.command, contender.args, { stdio: 'pipe', detached: true });
    this.#child = child;
    this.#end = new Promise((resolve) => {
      child.on('error', (error) => resolve(`cannot start ${contender.command}: ${error.message}`));
      // close, not exit: stderr has been read to its end by then.
      child.on('close', (code, signal) =>
        resolve(this.#killed ? 'was ended' : `ended with ${signal ?? `status ${code}`}`),
      );
    });
    child.stdin.on('error', () => undefined); // the end says it better
    child.stderr.on('data', (text: Buffer) => {
      this.#stderr = (this.#stderr + text).slice(-keptStderr);
    });
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** @throws ContenderLost when the process is gone; Error with the contender's own message when it refuses. */
  async ask<K extends Kind>(kind: K, request: Ask<K>): Promise<Answer<K>> {
    if (this.#waits) throw new Error(`${this.contender.id} has not answered the request before`);
    this.#waits = true;
    this.#child.stdin?.write(`${JSON.stringify({ do: kind, ...request })}\n`);
    const { value, done } = await this.#lines.next();
    this.#waits = false;
    if (done) throw this.#lost(await this.#end);
    const reply = parse<K>(value);
    if (reply === null) {
      this.kill();
      throw this.#lost(`said what is not in the protocol: ${value.slice(0, 200)}`);
    }
    if ('error' in reply) throw new Error(reply.error);
    return reply.ok;
  }

  /** Learns what it is. */
  async start(): Promise<Description> {
    this.description = await this.ask('describe', {});
    return this.description;
  }

  /** Ends the process at once, and those that it started: studies keep cores busy and load servers with them. */
  kill(): void {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    this.#killed = true;
    try {
      process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
    } catch {} // it has ended meanwhile
  }

  #lost(reason: string): ContenderLost {
    return new ContenderLost(`${this.contender.id} ${reason}\n${this.#stderr}`.trim());
  }
}

function parse<K extends Kind>(text: string): Reply<K> | null {
  try {
    const value = JSON.parse(text);
    return 'ok' in value || 'error' in value ? value : null;
  } catch {
    return null;
  }
}
