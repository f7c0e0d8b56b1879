/** The process with PyTorch: a line of JSON to it, a line from it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Case } from './spec.js';

export interface Expected {
  readonly values: Float64Array;
  /** How far PyTorch's runs from slightly changed weights are off, in float64 and in float32. */
  readonly noise: readonly [float64: number, float32: number];
}

export interface Answer {
  readonly initial: Readonly<Record<string, Float64Array>>;
  readonly first: Readonly<Record<string, Expected>>;
  readonly after: Readonly<Record<string, Expected>>;
}

interface Encoded {
  readonly error?: string;
  readonly initial: Readonly<Record<string, string>>;
  readonly first: Readonly<Record<string, { values: string; noise: [number, number] }>>;
  readonly after: Encoded['first'];
}

function decode(text: string): Float64Array {
  const bytes = Buffer.from(text, 'base64');
  return new Float64Array(Uint8Array.from(bytes).buffer);
}

const mapped = <A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));

export class Peer {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  /** Whether nothing more can be asked. */
  hasEnded = false;
  #ending = 'no code yet';

  constructor(python: string) {
    this.#process = spawn(python, [fileURLToPath(new URL('peer.py', import.meta.url))], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ATEN_CPU_CAPABILITY: process.env.ATEN_CPU_CAPABILITY ?? 'avx2' },
    });
    // An error of starting is told by the end of the lines.
    this.#process.on('error', (error) => console.error(error.message));
    // What is written to a process that has ended is told by its lines too.
    this.#process.stdin!.on('error', () => {});
    this.#process.on('exit', (code, signal) => {
      this.#ending = signal ?? `code ${code}`;
    });
    this.#lines = createInterface({ input: this.#process.stdout! })[Symbol.asyncIterator]();
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) {
      this.hasEnded = true;
      await new Promise((resolve) => setTimeout(resolve, 100));
      throw new Error(`the process with PyTorch has ended: ${this.#ending}`);
    }
    return value as string;
  }

  /** PyTorch's version. */
  async version(): Promise<string> {
    return (JSON.parse(await this.#line()) as { torch: string }).torch;
  }

  /** @throws Error when PyTorch refuses the case. */
  async ask(given: Case): Promise<Answer> {
    this.#process.stdin!.write(`${JSON.stringify(given)}\n`);
    const { error, initial, first, after } = JSON.parse(
      (await this.#line()).replaceAll(/\b(NaN|-?Infinity)\b/g, 'null'),
    ) as Encoded;
    if (error !== undefined) throw new Error(`PyTorch: ${error}`);
    const expected = (each: Encoded['first']) =>
      mapped(each, ({ values, noise: [a, b] }): Expected => ({ values: decode(values), noise: [a ?? 0, b ?? 0] }));
    return { initial: mapped(initial, decode), first: expected(first), after: expected(after) };
  }

  close(): void {
    this.#process.stdin!.end();
    this.#process.kill();
  }
}
