/** Starts examples/service as a separate process on a free port, and talks to it over HTTP. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { loadDigits } from '../../examples/mnist/digits.js';
import { root } from '../helpers/built.js';
import { programOf } from './run.js';

const errorLevel = 50;

interface LogLine {
  readonly level: number;
  readonly msg: string;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  /** What it logged as an error. */
  readonly errors: readonly LogLine[];
}

export interface Answer<T = Record<string, unknown>> {
  readonly status: number;
  readonly body: T;
}

export class ServiceProcess {
  readonly url: string;
  /** Settles when the process has ended. */
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, url: string, ended: Promise<Ended>) {
    this.#child = child;
    this.url = url;
    this.ended = ended;
  }

  /** @throws Error with all it said when it ends before it listens. */
  static async start(modelFile: string, args: readonly string[] = []): Promise<ServiceProcess> {
    const options = ['--port', '0', '--model', modelFile, ...args];
    const child = spawn(process.execPath, [...(await programOf('service/main.ts')), ...options], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const log: LogLine[] = [];
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const ended = once(child, 'close').then(
      ([code, signal]): Ended => ({ code, signal, stderr, errors: log.filter(({ level }) => level >= errorLevel) }),
    );
    const url = new Promise<string>((resolve) => {
      createInterface({ input: child.stdout }).on('line', (text) => {
        const line = JSON.parse(text) as LogLine;
        log.push(line);
        const match = /^Server listening at (http:.*)$/.exec(line.msg);
        if (match !== null) resolve(match[1]!);
      });
    });
    const first = await Promise.race([url, ended]);
    if (typeof first !== 'string') throw new Error(`the service ended with ${JSON.stringify(first)}`);
    return new ServiceProcess(child, first, ended);
  }

  async call<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer<T>> {
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const response = await fetch(this.url + path, { method, ...content, headers: { ...type, ...headers } });
    return { status: response.status, body: (await response.json()) as T };
  }

  /** Waits until no training is in progress. */
  async idle(): Promise<void> {
    while ((await this.call<{ job: string | null }>('GET', '/health')).body.job !== null)
      await new Promise((resolve) => setTimeout(resolve, 10));
  }

  /** Bytes of physical memory that the process has at present. */
  get residentBytes(): number {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
  }

  /** Sends a signal, and waits until the process has ended. */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.#child.kill(signal);
    return this.ended;
  }

  /** Server-sent events of a path, up to the end of the stream. */
  async *events(
    path: string,
    lastEventId?: string,
    more: Readonly<Record<string, string>> = {},
  ): AsyncGenerator<ServerEvent> {
    const last = lastEventId !== undefined && { 'last-event-id': lastEventId };
    const headers = { accept: 'text/event-stream', ...last, ...more };
    const response = await fetch(this.url + path, { headers });
    if (response.status !== 200 || response.body === null) throw new Error(`${path}: status ${response.status}`);
    let text = '';
    for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
      text += part;
      const blocks = text.split('\n\n');
      text = blocks.pop()!;
      for (const block of blocks) if (!block.startsWith(':')) yield parseEvent(block);
    }
    if (text !== '') throw new Error(`${path}: the stream ends inside an event: ${text}`);
  }
}

export interface ServerEvent {
  readonly event: string;
  readonly id: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of many shapes, each looked at by the test that asked for it
  readonly data: any;
}

function parseEvent(block: string): ServerEvent {
  const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/s, 2) as [string, string]));
  return { event: fields.get('event')!, id: fields.get('id'), data: JSON.parse(fields.get('data')!) };
}

/** Digits that the service does not train on, one of each class: 784 numbers each. */
export function heldOutDigits(): number[][] {
  const { images, labels } = loadDigits(undefined).test;
  const values = images.toTypedArray('float32');
  const classes = labels.toTypedArray('int32');
  return Array.from({ length: 10 }, (_, digit) => {
    const row = classes.indexOf(digit);
    return [...values.subarray(row * 784, (row + 1) * 784)];
  });
}
