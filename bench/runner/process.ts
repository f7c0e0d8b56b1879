/** A contender as the runner sees it: a process that answers one request at a time. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Contender } from '../contenders/contenders.js';
import type { Answer, Answers, Description, Request } from '../protocol.js';

/** The contender's process is gone, or says what is not in the protocol. */
export class ContenderLost extends Error {}

type Line = Answer<Request['do']>;

/** How much of a contender's stderr is kept for messages. */
const keptStderr = 2000;

export class ContenderProcess {
  readonly contender: Contender;
  /** What it answered when it started; null before. */
  description: Description | null = null;
  readonly #child: ChildProcess;
  #stderr = '';
  #waiting: { resolve(line: Line): void; reject(error: Error): void } | null = null;
  #lost: ContenderLost | null = null;

  constructor(contender: Contender) {
    this.contender = contender;
    // A process group of its own: Ctrl-C reaches the runner only, which then ends the contenders.
    const child = spawn(contender.command, contender.args, { stdio: 'pipe', detached: true });
    this.#child = child;
    child.on('error', (error) => this.#lose(`cannot start ${contender.command}: ${error.message}`));
    // close, not exit: stderr has been read to its end by then.
    child.on('close', (code, signal) => this.#lose(`ended with ${signal ?? `status ${code}`}`));
    child.stdin.on('error', () => undefined); // the close that follows says it better
    child.stderr.on('data', (text: Buffer) => {
      this.#stderr = (this.#stderr + text).slice(-keptStderr);
    });
    createInterface({ input: child.stdout }).on('line', (line) => this.#receive(line));
  }

  /** @throws ContenderLost when the process is gone; Error with the contender's own message when it refuses. */
  async ask<R extends Request>(request: R): Promise<Answers[R['do']]> {
    if (this.#lost !== null) throw this.#lost;
    if (this.#waiting !== null) throw new Error(`${this.contender.id} has not answered the request before`);
    const line = await new Promise<Line>((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
    });
    if ('error' in line) throw new Error(line.error);
    return line.ok as Answers[R['do']];
  }

  /** Learns what it is. */
  async start(): Promise<Description> {
    this.description = await this.ask({ do: 'describe' });
    return this.description;
  }

  /** Ends the process at once, and those that it started: studies keep cores busy and load servers with them. */
  kill(): void {
    const { pid } = this.#child;
    try {
      if (
        pid !== undefined &&
        this.#child.exitCode === null &&
        this.#child.signalCode === null &&
        process.platform !== 'win32'
      )
        process.kill(-pid, 'SIGKILL');
    } catch {} // the group is gone
    this.#child.kill('SIGKILL');
    this.#lose('was ended');
  }

  #receive(text: string): void {
    const line = parse(text);
    const waiting = this.#waiting;
    if (line === null || waiting === null) {
      this.#lose(`said what is not in the protocol: ${text.slice(0, 200)}`);
      this.kill();
      return;
    }
    this.#waiting = null;
    waiting.resolve(line);
  }

  #lose(reason: string): void {
    if (this.#lost !== null) return;
    const stderr = this.#stderr.trim();
    this.#lost = new ContenderLost(`${this.contender.id} ${reason}${stderr === '' ? '' : `\n${stderr}`}`);
    this.#waiting?.reject(this.#lost);
    this.#waiting = null;
  }
}

function parse(text: string): Line | null {
  try {
    const value: unknown = JSON.parse(text);
    const known = typeof value === 'object' && value !== null && ('ok' in value || 'error' in value);
    return known ? (value as Line) : null;
  } catch {
    return null;
  }
}
